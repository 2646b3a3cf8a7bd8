// Requests to the service, with the key if there is one; every refusal becomes a readable message.

import {at} from "./elements.js";

export class Refusal extends Error {
  constructor(words, {status = 0, code = null, retryAfter = null} = {}) {
    super(words);
    Object.assign(this, {status, code, retryAfter});
  }
}

export const authorization = () => {
  const key = sessionStorage.getItem("key");
  return key ? {Authorization: `Bearer ${key}`} : {};
};

export function unreachable() {
  return new Refusal(navigator.onLine ? "Cannot reach the service. Is it running?" : "You are offline. Try again when you are connected.");
}

const BY_STATUS = {
  401: "An API key is required.",
  403: "A proxy in front of the service refused the request.",
  404: "Not found on this service.",
  408: "The upload was too slow.",
  413: "This clip is too large for a proxy in front of the service. Scale it down or compress it.",
  414: "The request is too long for a proxy in front of the service.",
  429: "Too many requests. Wait a little, then try again.",
  502: "The service did not answer. Try again in a minute.",
  503: "The service is unavailable. Try again in a minute.",
  504: "The service did not answer in time. Try again, or use a shorter clip.",
};

// The message of a refusal: the service's own, or one of ours if a proxy answered in HTML.
export function refusal(status, text, retryAfter) {
  const seconds = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  try {
    const {detail, title, code} = JSON.parse(text);
    if (detail || title) return new Refusal(detail || title, {status, code, retryAfter: seconds});
  } catch { /* not JSON */ }
  return new Refusal(BY_STATUS[status] ?? `The server answered with an error (${status}).`, {status, retryAfter: seconds});
}

async function reached(address, request = {}) {
  try {
    return await fetch(address, {...request, headers: {...request.headers, ...authorization()}});
  } catch (error) {
    throw error.name === "AbortError" ? error : unreachable();
  }
}

export async function ask(address, request) {
  for (;;) {
    const response = await reached(address, request);
    if (response.ok) return response;
    if (response.status !== 401 || !await askForKey()) {
      throw refusal(response.status, await response.text(), response.headers.get("Retry-After"));
    }
  }
}

export const get = async (address, request) => (await ask(address, request)).json();

let asking = null;

// Asks for a key until one is valid; false if the reader gives none.
export function askForKey() {
  asking ??= new Promise(resolve => {
    const dialog = at("keys"), field = at("key"), problem = at("key-problem");
    const wrong = sessionStorage.getItem("key") !== null;
    sessionStorage.removeItem("key");
    problem.textContent = wrong ? "The key is no longer valid." : "";
    field.value = "";
    at("key-form").onsubmit = async event => {
      event.preventDefault();
      const key = field.value.trim();
      problem.textContent = "";
      try {
        const response = await fetch("v1/info", {headers: {Authorization: `Bearer ${key}`}});
        if (response.status === 401) {
          problem.textContent = "This key is not valid.";
          field.select();
          return;
        }
      } catch {
        problem.textContent = unreachable().message;
        return;
      }
      sessionStorage.setItem("key", key);
      dialog.close();
    };
    at("no-key").onclick = () => dialog.close();
    dialog.onclose = () => {
      asking = null;
      document.dispatchEvent(new Event("keychange"));
      resolve(sessionStorage.getItem("key") !== null);
    };
    dialog.showModal();
    field.focus();
  });
  return asking;
}
