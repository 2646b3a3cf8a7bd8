// Records a clip with a computer's camera; phones use their camera app.

import {at} from "./elements.js";

export const canFilm = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

// Resolves to a file, or null if cancelled; throws if no camera is available.
export async function film(limit) {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 640}, facingMode: "environment"}});
  const dialog = at("camera-dialog"), viewfinder = at("viewfinder"), record = at("record"), state = at("recording");
  viewfinder.srcObject = stream;
  state.textContent = "";
  record.textContent = "Record";
  dialog.showModal();
  viewfinder.play().catch(() => {});
  return new Promise(resolve => {
    const type = ["video/webm;codecs=vp8", "video/webm", "video/mp4"].find(one => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(stream, {mimeType: type, videoBitsPerSecond: 2_500_000});
    const parts = [];
    let kept = false, timer = 0;
    recorder.ondataavailable = ({data}) => parts.push(data);
    // Not before it has begun: what is stopped at once holds no picture.
    recorder.onstart = () => {
      record.textContent = "Stop";
      state.textContent = "Recording …";
    };
    recorder.onstop = () => {
      kept = true;
      dialog.close();
    };
    record.onclick = () => {
      if (recorder.state === "recording") {
        recorder.stop();
        return;
      }
      recorder.start();
      timer = setTimeout(() => recorder.state === "recording" && recorder.stop(), limit * 1000);
    };
    at("no-film").onclick = () => dialog.close();
    dialog.onclose = () => {
      clearTimeout(timer);
      recorder.onstop = null;
      if (recorder.state === "recording") recorder.stop();
      for (const track of stream.getTracks()) track.stop();
      viewfinder.srcObject = null;
      const name = `filmed at ${new Date().toLocaleTimeString("en", {hour12: false})}`;
      resolve(kept ? new File(parts, name, {type: type.split(";")[0]}) : null);
    };
  });
}
