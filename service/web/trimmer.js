// Chooses start and end of a part of a clip, previewed if the browser can play it.

import {at} from "./elements.js";

export const seconds = time => `${time.toFixed(1)} s`;

// Lets the reader choose a part of at most `limit` seconds; calls `done(start, end)`.
export function trim(video, clip, limit, done) {
  const start = at("start"), end = at("end");
  const length = clip.duration ?? Math.max(limit * 10, 600);
  for (const range of [start, end]) range.max = length;
  clip.start ??= 0;
  clip.end ??= Math.min(limit, length);
  const show = () => {
    start.value = clip.start;
    end.value = clip.end;
    at("start-at").textContent = seconds(clip.start);
    at("end-at").textContent = `${seconds(clip.end)}, ${seconds(clip.end - clip.start)} long`;
  };
  const round = time => Math.round(time * 10) / 10;
  const move = (which, time) => {
    const shortest = Math.min(0.5, length);
    if (which === "start") {
      clip.start = round(Math.min(Math.max(time, 0), length - shortest));
      clip.end = round(Math.min(Math.max(clip.end, clip.start + shortest), clip.start + limit, length));
    } else {
      clip.end = round(Math.min(Math.max(time, shortest), length));
      clip.start = round(Math.max(Math.min(clip.start, clip.end - shortest), clip.end - limit, 0));
    }
    show();
    if (clip.duration) video.currentTime = which === "start" ? clip.start : clip.end;
  };
  start.oninput = () => move("start", start.valueAsNumber);
  end.oninput = () => move("end", end.valueAsNumber);
  at("start-here").onclick = () => move("start", video.currentTime);
  at("end-here").onclick = () => move("end", video.currentTime);
  at("start-here").hidden = at("end-here").hidden = !clip.duration;
  at("trim-why").textContent =
    (clip.duration ? `This clip is ${seconds(clip.duration)} long; ` : "This clip is too long; ") +
    `the limit is ${limit} s.`;
  at("trim").onclick = () => done();
  video.ontimeupdate = () => {
    // Loop the part.
    if (!at("trimmer").hidden && !video.paused && (video.currentTime > clip.end || video.currentTime < clip.start - 0.3)) {
      video.currentTime = clip.start;
    }
  };
  show();
}

// The length of a clip in seconds, null if the browser cannot tell.
export function measure(address) {
  return new Promise(resolve => {
    const video = document.createElement("video");
    const end = length => {
      clearTimeout(timer);
      video.removeAttribute("src");
      video.load();
      resolve(length);
    };
    const timer = setTimeout(() => end(null), 5000);
    video.preload = "metadata";
    video.muted = true;
    video.onerror = () => end(null);
    video.onloadedmetadata = () => {
      // Recordings made by a browser have no duration in the header; seeking to the end finds it.
      if (Number.isFinite(video.duration)) end(video.duration);
      else video.currentTime = 1e7;
    };
    video.ondurationchange = () => Number.isFinite(video.duration) && video.readyState > 0 && end(video.duration);
    video.src = address;
  });
}
