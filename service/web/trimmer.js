// Chooses start and end of a part of a clip, previewed if the browser can play it.

import {at} from "./elements.js";

const SHORTEST = 0.5;

export const seconds = time => `${time.toFixed(1)} s`;

// Lets the reader choose a part of at most `limit` seconds, which `clip.draft` holds; calls `done({start, end})`, or `done(null)`
// for the whole clip.
export function trim(video, clip, limit, done) {
  const start = at("start"), end = at("end");
  const length = clip.duration ?? Math.max(limit * 10, 600), shortest = Math.min(SHORTEST, length);
  const round = time => Math.round(time * 10) / 10;
  const draft = clip.draft ??= {start: 0, end: round(Math.min(limit, length)), ...clip.part};
  for (const range of [start, end]) range.max = round(length);
  const show = () => {
    start.value = draft.start;
    end.value = draft.end;
    at("start-at").textContent = seconds(draft.start);
    at("end-at").textContent = `${seconds(draft.end)}, ${seconds(draft.end - draft.start)} long`;
  };
  const move = (which, time) => {
    if (which === "start") {
      draft.start = round(Math.min(Math.max(time, 0), length - shortest));
      draft.end = round(Math.min(Math.max(draft.end, draft.start + shortest), draft.start + limit, length));
    } else {
      draft.end = round(Math.min(Math.max(time, shortest), length));
      draft.start = round(Math.max(Math.min(draft.start, draft.end - shortest), draft.end - limit, 0));
    }
    show();
    if (!video.hidden) video.currentTime = draft[which];
  };
  start.oninput = () => move("start", start.valueAsNumber);
  end.oninput = () => move("end", end.valueAsNumber);
  at("start-here").onclick = () => move("start", video.currentTime);
  at("end-here").onclick = () => move("end", video.currentTime);
  const over = !clip.duration || clip.duration > limit + 0.05;
  at("trim-why").textContent = over ?
    `This clip is ${clip.duration ? `${seconds(clip.duration)} long` : "too long"}; the limit is ${limit} s.` : `This clip is ${seconds(length)} long.`;
  at("trim").onclick = () => done(!over && draft.start === 0 && draft.end >= round(length) ? null : {...draft});
  video.ontimeupdate = () => {
    // Loop the part.
    if (!at("trimmer").hidden && !video.paused && (video.currentTime > draft.end || video.currentTime < draft.start - 0.3)) {
      video.currentTime = draft.start;
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
