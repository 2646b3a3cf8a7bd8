// Uploads one clip, reports its progress, and returns the answer.

import {askForKey, authorization, Refusal, refusal, unreachable} from "./api.js";

const POLL_MS = 700;

// Resolves to the answer. `on.sent(bytes)` and `on.stage({state, place, stage})` report progress.
export async function upload(file, query, on, signal) {
  for (;;) {
    try {
      return await attempt(file, query, on, signal);
    } catch (error) {
      if (error.status !== 401 || !await askForKey()) throw error;
    }
  }
}

function attempt(file, query, on, signal) {
  const id = requestId();
  const request = new XMLHttpRequest();
  const watching = new AbortController();
  return new Promise((resolve, reject) => {
    request.open("POST", `v1/hashtags?${query}`);
    request.setRequestHeader("X-Request-ID", id);
    request.setRequestHeader("Content-Type", file.type.startsWith("video/") ? file.type.split(";")[0] : "application/octet-stream");
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.onprogress = event => on.sent(event.loaded);
    request.upload.onload = () => {
      on.sent(file.size);
      watch(id, on, watching.signal);
    };
    request.onload = () => {
      if (request.status !== 200) {
        reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
        return;
      }
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        reject(new Refusal("The answer is not valid JSON: a proxy between this page and the service may have changed it."));
      }
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), {once: true});
    request.send(file);
  }).finally(() => watching.abort());
}

// Polls the state of the request for as long as the service knows it.
async function watch(id, on, signal) {
  while (!signal.aborted) {
    try {
      const response = await fetch(`v1/requests/${id}`, {headers: authorization(), signal});
      if (!response.ok) return;
      const state = await response.json();
      if (signal.aborted || state.state === "done") return;
      on.stage(state);
    } catch {
      return;
    }
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
  }
}

// crypto.randomUUID is missing on plain HTTP.
const requestId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
