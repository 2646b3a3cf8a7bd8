// The page: a queue of clips, and the hashtags chosen for each.

import {ask, askForKey, get} from "./api.js";
import {clean, complete} from "./completion.js";
import {copy} from "./copying.js";
import {at, make, refill, say} from "./elements.js";
import {canFilm, film} from "./film.js";
import {drawMotion} from "./motion.js";
import {showReasons} from "./reasons.js";
import {sortable} from "./sorting.js";
import {measure, seconds, trim} from "./trimmer.js";
import {upload} from "./upload.js";

const FLOOR = 0.3; // Suggestions with lower scores are collapsed.
const COUNT = 15;
const RETRIES = 5;
const SHORTER_HELPS = new Set(["clip_too_long", "deadline_exceeded"]);
const STAGES = {encode: "motion and pictures", suggest: "choosing hashtags"};
const ANYWHERE = {name: "", title: "Anywhere", most_tags: null, longest_tag: null, pattern: null, separator: " ", allowed: ""};

let info = null, takes = new Set(), platforms = [ANYWHERE], clips = [], current = null, trimmed = null, working = false, learning = null, scrolled = false;
const video = at("video");
const touch = matchMedia("(pointer: coarse)"), still = matchMedia("(prefers-reduced-motion: reduce)");
const mebibytes = bytes => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const took = ms => ms < 100 ? "under 0.1 s" : `${(ms / 1000).toFixed(1)} s`;
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const platform = () => platforms.find(({name}) => name === at("platform").value) ?? ANYWHERE;

// State of the clips

const WORDS = {
  measuring: () => "Opening the clip …",
  trimming: () => "Choose the part to use.",
  queued: () => "Waiting for the previous clip.",
  uploading: () => "Uploading …",
  waiting: ({place}) => place ? `Waiting: number ${place} in the queue.` : "Waiting in the queue …",
  analysing: ({stage}) => stage ? `Analysing: ${STAGES[stage] ?? stage} …` : "Analysing …",
  busy: ({seconds}) => `The service is busy; trying again in ${seconds} s.`,
  done: ({answer, part}) => (answer.hashtags.length ? `${counted(answer.hashtags.length, "hashtag")} in ${took(answer.timings_ms.total)}` : "No hashtags found") +
    (part ? `, from ${seconds(part.start)} to ${seconds(part.end)} of the clip.` : "."),
  cancelled: () => "Cancelled.",
  failed: ({problem}) => problem,
};
const words = clip => WORDS[clip.state](clip);
const UNDER_WAY = new Set(["queued", "uploading", "waiting", "analysing", "busy"]);

function to(clip, state, rest = {}) {
  Object.assign(clip, {state, ...rest});
  showList();
  if (clip === current) show();
}

// Adding clips

async function add(files) {
  const added = [...files].map(file => ({
    file, name: file.name || "clip", address: URL.createObjectURL(file), state: "measuring", chosen: [], part: null, sent: 0, stage: null, place: null,
  }));
  if (!added.length) return;
  clips.push(...added);
  choose(added[0]);
  for (const clip of added) {
    clip.duration = await measure(clip.address);
    if (clip.state === "measuring") check(clip);
  }
}

// Whether only a part of the clip can be used.
const tooLong = clip => clip.tooLong || (info && clip.duration > info.limits.max_duration_s + 0.05);

function check(clip) {
  const limits = info?.limits;
  if (limits && clip.file.size > limits.max_bytes) {
    to(clip, "failed", {code: null, problem: `This clip is ${mebibytes(clip.file.size)}; the limit is ${mebibytes(limits.max_bytes)}. ` +
      "Scale it down or compress it: 240 pixels on the short side are enough."});
  } else if (tooLong(clip) && !clip.part) {
    to(clip, "trimming", {before: "cancelled"});
  } else {
    queue(clip);
  }
}

// With the reader's own hashtags as hints.
function suggestAgain() {
  current.hinted = true;
  queue(current);
}

function queue(clip) {
  if (clip === current) scrolled = false;
  to(clip, "queued", {sent: 0, stage: null, place: null});
  work();
}

async function work() {
  if (working) return;
  working = true;
  for (let clip; (clip = clips.find(({state}) => state === "queued"));) await analyse(clip);
  working = false;
}

async function analyse(clip, tries = 0) {
  clip.controller = new AbortController();
  await learning;
  if (clip.state === "cancelled") return;
  to(clip, "uploading");
  const language = at("language").value;
  const on = {
    sent(bytes) {
      if (clip.state !== "uploading") return;
      clip.sent = bytes;
      if (bytes >= clip.file.size) to(clip, "analysing");
      else if (clip === current) showProgress();
    },
    stage({state, place, stage}) {
      if (state === "waiting" || state === "analysing") to(clip, state, {place, stage});
    },
  };
  try {
    const answer = await upload(clip.file, query(clip), on, clip.controller.signal);
    if (!clip.part) clip.duration ??= answer.video.duration_s;
    // What was chosen stays chosen, suggested or not.
    to(clip, "done", {answer, copied: false, hinted: false});
    remember(clip);
    if (clip !== current) return;
    if (at("language").value !== language) suggestAgain();
    else if (!scrolled) bringIntoView();
  } catch (error) {
    if (error.name === "AbortError") {
      to(clip, "cancelled");
    } else if (error.status === 429 && tries < RETRIES) {
      const seconds = error.retryAfter ?? 5;
      to(clip, "busy", {seconds});
      await new Promise(resolve => {
        const timer = setTimeout(resolve, 1000 * seconds);
        clip.controller.signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
      });
      if (clip.controller.signal.aborted) to(clip, "cancelled");
      else await analyse(clip, tries + 1);
    } else if (error.code === "clip_too_long" && info && !clip.part) {
      to(clip, "trimming", {before: "cancelled", duration: null, tooLong: true});
    } else {
      to(clip, "failed", {code: error.code, problem: error.message});
    }
  }
}

function query(clip) {
  const query = new URLSearchParams({k: COUNT});
  const set = (name, value) => takes.has(name) && value !== "" && value !== undefined && query.append(name, value);
  set("explain", "true");
  set("tracks", "true");
  set("language", at("language").value);
  set("platform", platform().name);
  for (const [name, value] of Object.entries(clip.part ?? {})) set(name, value);
  if (clip.hinted) for (const {tag, own} of clip.chosen) if (own) set("hint", tag);
  return query;
}

// The map shows the clip that was selected last.
function remember({name, answer, chosen}) {
  sessionStorage.setItem("clip", JSON.stringify({name, place: answer.place ?? null, tags: chosen.map(({tag}) => tag)}));
}

// Display

function choose(clip) {
  current = clip;
  video.src = clip.address;
  at("screen").hidden = false;
  video.hidden = false;
  at("own").value = "";
  at("copy-field").hidden = true;
  for (const id of ["copied", "problem"]) say(at(id), "");
  if (!still.matches) video.play().catch(() => {});
  at("why").hidden = true;
  at("less").open = false;
  if (clip.answer) remember(clip);
  showList();
  show();
}

function showList() {
  at("clips").parentElement.hidden = clips.length < 2;
  const failed = clips.filter(({state}) => state === "failed").length;
  say(at("failures"), failed ? `${failed} of ${clips.length} failed.` : "");
  refill(at("clips"), ...clips.map((clip, index) => {
    const button = make("button", {type: "button", "data-key": String(index), className: clip.state, "aria-current": clip === current ? "true" : null},
      make("span", {}, clip.name), make("small", {}, words(clip)));
    button.onclick = () => choose(clip);
    return make("li", {}, button);
  }));
}

// The first hashtags, which come below the clip.
function bringIntoView() {
  const first = at("sure").children.length ? at("sure") : at("less");
  first.scrollIntoView({block: "nearest", behavior: still.matches ? "instant" : "smooth"});
}

function showProgress() {
  const bar = at("progress"), going = current.state === "uploading";
  bar.hidden = !(going || current.state === "waiting" || current.state === "analysing");
  if (going) {
    bar.max = current.file.size;
    bar.value = current.sent;
  } else {
    bar.removeAttribute("value");
  }
  bar.setAttribute("aria-label", going ? "Upload" : "Analysis");
  at("bytes").textContent = going ? `${mebibytes(current.sent)} of ${mebibytes(current.file.size)}` : "";
}

function show() {
  const clip = current, {state, answer} = clip;
  at("panel").hidden = false;
  at("name").textContent = clip.name;
  say(at("state"), words(clip));
  at("state").classList.toggle("bad", state === "failed");
  showProgress();
  at("cancel").hidden = !UNDER_WAY.has(state);
  const over = tooLong(clip) && !clip.part;
  at("retry").hidden = state !== "failed" && (state !== "cancelled" || over);
  at("part").hidden = !info || !(state === "done" || state === "cancelled" || (state === "failed" && SHORTER_HELPS.has(clip.code)));
  at("whole-clip").hidden = !clip.part || tooLong(clip) || !["done", "cancelled", "failed"].includes(state);
  const trimming = state === "trimming";
  if (trimming && trimmed !== clip) trim(video, clip, info.limits.max_duration_s, part => leaveTrimmer("queued", part));
  trimmed = trimming ? clip : null;
  at("trimmer").hidden = !trimming;
  at("start-here").hidden = at("end-here").hidden = video.hidden;
  const done = state === "done";
  say(at("warnings"), done ? answer.warnings.join(" ") : "");
  at("answer").hidden = !done;
  drawMotion(video, at("motion"), done && at("show-motion").checked && !video.hidden ? answer.tracks ?? null : null);
  at("moving").hidden = !(done && answer.tracks && !video.hidden);
  if (!done) return;
  const chosen = new Set(clip.chosen.map(({tag}) => tag));
  const {pattern, title} = platform();
  const fits = tag => !pattern || new RegExp(pattern, "u").test(tag);
  const shown = answer.hashtags.filter(({tag}) => fits(tag));
  const sure = shown.filter(({score}) => score >= FLOOR), less = shown.filter(({score}) => score < FLOOR);
  refill(at("sure"), ...sure.map((one, index) => suggestion(one, chosen, answer.confident && index === 0)));
  refill(at("unsure"), ...less.map(one => suggestion(one, chosen, false)));
  at("less").hidden = !less.length;
  at("less-title").textContent = `Less likely (${less.length})`;
  say(at("hint"), sure.length ? `${touch.matches ? "Tap" : "Choose"} the ones that fit.` : "No suggestion is likely to fit; the less likely ones are below.");
  showChosen();
  const {video: seen, timings_ms: timings, model} = answer;
  at("facts").replaceChildren(...[
    `${seen.duration_s.toFixed(1)} s, ${seen.width} × ${seen.height}, ${seen.frames_used} frames, ${seen.trajectories} trajectories`,
    Object.entries(timings).map(([stage, ms]) => `${stage} ${ms.toFixed(0)} ms`).join(", "),
    `model ${model.name} ${model.version} (${model.sha256.slice(0, 12)})`,
    `request ${answer.request_id}`,
    `A score is the probability that people would keep the hashtag${title && pattern ? `; hashtags that ${title} does not allow are left out` : ""}.`,
  ].map(text => make("li", {}, text)));
}

// To another state with this part, null for the whole clip.
function leaveTrimmer(state, part) {
  const clip = current;
  Object.assign(clip, {part, draft: null});
  if (state === "queued") queue(clip);
  else to(clip, state);
  [at("part"), at("cancel"), at("name")].find(({hidden}) => !hidden).focus();
}

function suggestion(one, chosen, best) {
  const {tag, score} = one;
  const chip = make("button", {type: "button", className: best ? "chip best" : "chip", "aria-pressed": String(chosen.has(tag)), "data-key": tag},
    `#${tag} `, make("small", {}, score.toFixed(2)));
  chip.onclick = () => toggle(tag, false);
  const why = make("button", {type: "button", className: "ask", "aria-label": `Why #${tag}?`, title: `Why #${tag}?`, "data-key": `why ${tag}`}, "?");
  why.onclick = () => {
    showReasons(one, {
      hasMap: Boolean(info?.model.map),
      seek(time) {
        video.currentTime = time;
        video.play().catch(() => {});
        at("screen").scrollIntoView({block: "nearest"});
      },
      add: near => addOwn(near),
      close() {
        at("why").hidden = true;
        document.querySelector(`[data-key="why ${CSS.escape(tag)}"]`)?.focus();
      },
    });
  };
  return make("li", {className: "suggested"}, chip, why);
}

// Chosen hashtags

function toggle(tag, own) {
  const {chosen} = current;
  const place = chosen.findIndex(one => one.tag === tag);
  if (place < 0) chosen.push({tag, own});
  else chosen.splice(place, 1);
  changed();
}

function move(from, to) {
  const {chosen} = current;
  if (to >= 0 && to < chosen.length) chosen.splice(to, 0, ...chosen.splice(from, 1));
  changed();
}

function changed() {
  current.copied = false;
  say(at("copied"), "");
  at("copy-field").hidden = true;
  remember(current);
  show();
}

// Adds one hashtag, or several as written in a post.
function addOwn(text) {
  const {pattern, allowed, digits_only: digits, title} = platform();
  say(at("problem"), "");
  const refused = [];
  for (const tag of text.split(/[,#]|\s+(?=#)|\s{2,}/).map(clean).filter(Boolean)) {
    if (pattern && !new RegExp(pattern, "u").test(tag)) refused.push(tag);
    else if (!current.chosen.some(one => one.tag === tag)) toggle(tag, !current.answer.hashtags.some(one => one.tag === tag));
  }
  at("own").value = refused.map(tag => `#${tag}`).join(" ");
  if (refused.length) {
    say(at("problem"), `${title} does not allow ${at("own").value}. Allowed: ${allowed}${digits ? "" : ", but not digits alone"}`);
  }
}

// What the button copies: the chosen hashtags or, if the answer is confident, all likely ones.
function copied() {
  const {chosen, answer} = current;
  if (chosen.length) return chosen.map(({tag}) => tag);
  const {most_tags: most, pattern} = platform();
  const fits = tag => !pattern || new RegExp(pattern, "u").test(tag);
  const sure = answer.confident ? answer.hashtags.filter(({tag, score}) => score >= FLOOR && fits(tag)) : [];
  return sure.slice(0, most ?? sure.length).map(({tag}) => tag);
}

function showChosen() {
  const {chosen} = current, {most_tags: most, title, pattern, allowed, name} = platform();
  const last = chosen.length - 1;
  refill(at("chosen"), ...chosen.map(({tag}, index) => {
    const action = (label, sign, act, key, disabled = false) => {
      const button = make("button", {type: "button", "aria-label": `${label} #${tag}`, title: label, "data-key": `${key} ${tag}`, disabled}, sign);
      button.onclick = act;
      return button;
    };
    const wrong = pattern && !new RegExp(pattern, "u").test(tag);
    return make("li", {className: wrong ? "chosen wrong" : "chosen", title: wrong ? `Not allowed on ${title}. Allowed: ${allowed}` : ""},
      make("span", {className: "handle"}, `#${tag}`),
      action("Move left:", "‹", () => move(index, index - 1), "earlier", index === 0),
      action("Move right:", "›", () => move(index, index + 1), "later", index === last),
      action("Remove", "×", () => toggle(tag, false), "remove"));
  }));
  const over = most !== null && chosen.length > most;
  at("count").textContent = name && most !== null ? `${chosen.length} of ${most} for ${title}` : chosen.length ? String(chosen.length) : "";
  at("count").classList.toggle("bad", over);
  const wrong = chosen.filter(({tag}) => pattern && !new RegExp(pattern, "u").test(tag));
  say(at("problem"), over ? `${title} allows at most ${counted(most, "hashtag")}.` :
    wrong.length ? `Not allowed on ${title}: ${wrong.map(({tag}) => `#${tag}`).join(", ")}. Allowed: ${allowed}` : "");
  const tags = copied();
  at("copy").disabled = !tags.length || over;
  at("copy").textContent = chosen.length ? `Copy ${counted(chosen.length, "hashtag")}` : tags.length ? `Copy all ${tags.length}` : "Choose hashtags to copy";
  at("again").hidden = false;
}

async function copyChosen() {
  const clip = current, tags = copied();
  const text = tags.map(tag => `#${tag}`).join(platform().separator);
  const done = await copy(text);
  say(at("copied"), done ? `Copied: ${text}` : `The browser does not let this page copy: ${touch.matches ? "use “Copy” on the selected text." : "press Ctrl-C (⌘C)."}`);
  if (!clip.copied) feedback(clip, tags);
  clip.copied = true;
}

async function feedback({answer}, tags) {
  if (!info?.feedback) return;
  const suggested = answer.hashtags.map(({tag}) => tag), {most_tags: most} = platform();
  const room = most === null || tags.length < most;
  const body = {
    request_id: answer.request_id,
    kept: tags.filter(tag => suggested.includes(tag)),
    added: tags.filter(tag => !suggested.includes(tag)),
    // Collapsed suggestions, and those beyond the platform's limit, were not rejected.
    dropped: room ? answer.hashtags.filter(({tag, score}) => score >= FLOOR && !tags.includes(tag)).map(({tag}) => tag) : [],
  };
  try {
    await ask("v1/feedback", {method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"}});
  } catch { /* the reader has what they came for */ }
}

// The service

async function learn() {
  try {
    info = await get("v1/info");
  } catch (error) {
    say(at("offline"), error.message);
    return;
  }
  say(at("offline"), "");
  const {limits, containers, model} = info;
  at("limits").textContent = `${containers.join(", ")}; at most ${limits.max_duration_s} s and ${Math.floor(limits.max_bytes / 2 ** 20)} MiB`;
  at("map").hidden = !model.map;
  at("learns").hidden = !info.feedback;
  if (model.languages?.length) {
    const names = new Intl.DisplayNames(["en"], {type: "language", fallback: "code"});
    const options = model.languages.map(code => make("option", {value: code}, names.of(code)));
    options.sort((one, other) => one.text.localeCompare(other.text));
    fill("language", [make("option", {value: ""}, "Any"), ...options]);
    at("languages").hidden = false;
  }
  try {
    // The OpenAPI description says which parameters this service has.
    const {paths} = await get("openapi.json");
    takes = new Set(paths["/v1/hashtags"].post.parameters.map(({name}) => name));
    platforms = [ANYWHERE, ...(await get("v1/platforms")).platforms];
    fill("platform", platforms.map(({name, title}) => make("option", {value: name}, title)));
    at("platforms").hidden = false;
  } catch { /* suggestions work without these */ }
}

// Fills a selector; the selection is remembered.
function fill(id, options) {
  const select = at(id), before = localStorage.getItem(id);
  select.replaceChildren(...options);
  if (options.some(({value}) => value === before)) select.value = before;
  select.onchange = () => {
    localStorage.setItem(id, select.value);
    if (current?.state !== "done") return;
    if (id === "language") suggestAgain();
    else show();
  };
}

// Links do not send the key, so their targets are fetched and shown here.
async function read(event) {
  if (sessionStorage.getItem("key") === null) return;
  event.preventDefault();
  const link = event.currentTarget;
  const api = link.getAttribute("href") === "docs";
  at("reader-title").textContent = link.textContent;
  try {
    const answer = await get(api ? "openapi.json" : link.getAttribute("href"));
    at("reader-text").textContent = api ? Object.entries(answer.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, {summary}]) => `${method.toUpperCase()} ${path}: ${summary}`)).join("\n") : JSON.stringify(answer, null, 2);
  } catch (error) {
    at("reader-text").textContent = error.message;
  }
  at("reader").showModal();
}

// Events

at("file").onchange = ({target}) => {
  add(target.files);
  target.value = "";
};
at("camera").onchange = at("file").onchange;
at("film").onclick = async () => {
  if (touch.matches || !canFilm()) {
    at("camera").click();
    return;
  }
  try {
    const filmed = await film(info?.limits.max_duration_s ?? 60);
    if (filmed) add([filmed]);
  } catch {
    say(at("offline"), "No camera is available to this page. Choose a clip instead.");
  }
};
at("film").hidden = !touch.matches && !canFilm();
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, event => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") add(event.dataTransfer.files);
  });
}
video.onerror = () => {
  if (!video.getAttribute("src")) return;
  at("screen").hidden = true;
  video.hidden = true;
  if (current) show();
};
video.onloadedmetadata = () => {
  if (video.videoHeight) at("screen").style.setProperty("--ratio", video.videoWidth / video.videoHeight);
};
// Who scrolls while waiting looks at something else.
const SCROLLING = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", " ", "Tab"]);
for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => { scrolled = true; }, {passive: true});
addEventListener("keydown", ({key}) => { scrolled ||= SCROLLING.has(key); });
addEventListener("pointerdown", ({target, clientX}) => { scrolled ||= target === document.documentElement && clientX >= target.clientWidth; });
at("cancel").onclick = () => {
  if (current.state === "queued") to(current, "cancelled");
  else current.controller.abort();
};
at("retry").onclick = () => check(current);
at("part").onclick = () => {
  to(current, "trimming", {before: current.state});
  at("start").focus();
};
at("whole-clip").onclick = () => leaveTrimmer("queued", null);
at("no-trim").onclick = () => leaveTrimmer(current.before, current.part);
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && trimmed && !document.querySelector("dialog[open]")) at("no-trim").click();
});
at("again").onclick = suggestAgain;
at("copy").onclick = copyChosen;
at("show-motion").onchange = show;
const completion = complete(at("own"), at("completions"), tag => addOwn(tag));
at("add").onsubmit = event => {
  event.preventDefault();
  completion.close();
  addOwn(at("own").value);
};
sortable(at("chosen"), move);
for (const link of document.querySelectorAll(".carried")) link.onclick = read;
at("reader-close").onclick = () => at("reader").close();
const keyed = () => { at("forget").hidden = sessionStorage.getItem("key") === null; };
document.addEventListener("keychange", keyed);
at("forget").onclick = () => {
  sessionStorage.removeItem("key");
  keyed();
  say(at("offline"), "The key has been forgotten.");
};
addEventListener("offline", () => say(at("offline"), "You are offline."));
addEventListener("online", () => {
  say(at("offline"), "");
  if (!info) learning = learn();
});
keyed();
learning = learn();
