"use strict";
const at = id => document.getElementById(id);
const base = location.pathname.replace(/\/$/, "");
const MARKS = "123456789abcdef".split("");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

let clips = [];        // in the order of the survey: {id, outcome}
let place = -1;        // of the clip that is shown
let current = null;    // {id, suggestions, kept: Set, added: []}

async function ask(path, request) {
  const response = await fetch(`${base}${path}`, request);
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.detail || response.statusText), {refused: response.status < 500});
}

// Answers go to the server one after another, the latest of each clip, again and again until it has them.
const unsaved = new Map();
let saving = null;

function save(outcome = null) {
  const kept = current.suggestions.filter(tag => current.kept.has(tag));
  unsaved.set(current.id, {outcome, kept, added: [...current.added]});
  saving ??= send().finally(() => { saving = null; });
  return saving;
}

async function send() {
  while (unsaved.size) {
    const [id, answer] = unsaved.entries().next().value;
    try {
      const stored = await ask(`/clips/${id}/answer`, {method: "PUT", body: JSON.stringify(answer)});
      if (unsaved.get(id) === answer) unsaved.delete(id);
      say("");
      const clip = clips.find(clip => clip.id === id);
      if (clip) clip.outcome = stored.outcome;
      if (current && current.id === id && !unsaved.has(id)) {
        current.kept = new Set(stored.kept);
        current.added = stored.added;
        draw();
      }
    } catch (error) {
      if (error.refused) {
        unsaved.delete(id);
        if (current?.id === id) await show(place);  // as the server has it
        say(error.message);
      } else {
        say("The server cannot be reached: your last answer is kept here and sent as soon as it can. Leave this page open.");
        await new Promise(resolve => setTimeout(resolve, 1000));
      }
    }
  }
}

addEventListener("beforeunload", event => { if (unsaved.size) event.preventDefault(); });

function say(text) { at("wrong").textContent = text; }

function only(id) {
  for (const name of ["rating", "waiting", "done"]) at(name).hidden = name !== id;
  if (id !== "rating") at("clip").pause();
}

// Shows the first clip after `from` that has no outcome yet, going round.
async function go(from) {
  let survey;
  try {
    survey = await ask("/survey");
  } catch {
    say("The server cannot be reached. Trying again …");
    return setTimeout(() => go(from), 1000);
  }
  say("");
  clips = survey.clips;
  const open = [...clips.keys()].filter(index => !clips[index].outcome);
  const finished = clips.length - open.length;
  at("progress").max = Math.max(1, survey.total);
  at("progress").value = finished;
  if (open.length) return show(open.find(index => index > from) ?? open[0]);
  at("place").textContent = `${finished} of ${survey.total} clips`;
  current = null;
  if (survey.preparing && clips.length < survey.total) {
    at("ready").textContent = `${clips.length} of ${survey.total} clips are ready.`;
    only("waiting");
    return setTimeout(() => go(from), 1500);
  }
  place = clips.length;
  const skipped = clips.filter(clip => clip.outcome === "skipped").length;
  at("sum").textContent = `You have rated ${finished - skipped} clips` + (skipped ? ` and skipped ${skipped}.` : ".");
  at("again").hidden = !clips.length;
  only("done");
}

async function show(index) {
  const {id} = clips[index];
  const clip = await ask(`/clips/${id}`);
  place = index;
  current = {...clip, kept: new Set(clip.kept)};
  at("place").textContent = `Clip ${index + 1} of ${at("progress").max}`;
  at("unplayable").hidden = true;
  at("missing").value = "";
  at("clip").src = `${base}/clips/${id}/video`;
  if (!calm) at("clip").play().catch(() => {});
  draw();
  only("rating");
  scrollTo(0, 0);
  at("question").tabIndex = -1;
  at("question").focus({preventScroll: true});
}

function chip(tag, on, mark, press) {
  const item = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.ariaPressed = on;
  button.onclick = press;
  if (mark) {
    const key = document.createElement("kbd");
    key.textContent = mark;
    key.ariaHidden = true;
    button.append(key);
    button.setAttribute("aria-keyshortcuts", mark);
  }
  button.append(`#${tag}`);
  item.append(button);
  return item;
}

function draw() {
  if (!current) return;
  const focused = [...at("tags").querySelectorAll("button")].indexOf(document.activeElement);
  at("tags").replaceChildren(
    ...current.suggestions.map((tag, index) => chip(tag, current.kept.has(tag), MARKS[index], () => toggle(tag))),
    ...current.added.map(tag => chip(tag, true, null, () => remove(tag))),
  );
  at("tags").querySelectorAll("button")[focused]?.focus();
  at("next").textContent = current.kept.size || current.added.length ? "Next" : "None fits";
  at("back").disabled = place <= 0;
}

function toggle(tag) {
  if (!current.kept.delete(tag)) current.kept.add(tag);
  draw();
  save();
}

function remove(tag) {
  current.added = current.added.filter(other => other !== tag);
  draw();
  save();
}

// `next` and `skip` wait until the answer is stored: what was left behind is safe.
let leaving = false;
async function leave(outcome) {
  if (leaving || !current) return;
  leaving = true;
  try {
    await save(outcome);
    await go(place);
  } finally {
    leaving = false;
  }
}

at("adding").onsubmit = event => {
  event.preventDefault();
  const tag = at("missing").value.trim();
  if (!tag || !current) return;
  current.added.push(tag);
  at("missing").value = "";
  draw();
  save();
};
at("next").onclick = () => leave("judged");
at("skip").onclick = () => leave("skipped");
at("back").onclick = () => place > 0 && show(place - 1);
at("again").onclick = () => show(0);

const clip = at("clip");
const playOrPause = () => clip.paused ? clip.play().catch(() => {}) : clip.pause();
at("play").onclick = clip.onclick = playOrPause;
at("replay").onclick = () => { clip.currentTime = 0; clip.play().catch(() => {}); };
clip.onplay = clip.onpause = () => { at("play").textContent = clip.paused ? "Play" : "Pause"; };
clip.ontimeupdate = () => { at("played").value = clip.duration ? clip.currentTime / clip.duration : 0; };
clip.onerror = () => { at("unplayable").hidden = false; };

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !current || at("rating").hidden) return;
  if (event.target === at("missing")) {
    if (event.key === "Escape") at("missing").blur();
    return;
  }
  const mark = MARKS.indexOf(event.key.toLowerCase());
  if (mark >= 0 && mark < current.suggestions.length) toggle(current.suggestions[mark]);
  else if (event.key === "p") playOrPause();
  else if (event.key === "r") at("replay").click();
  else if (event.key === "/") at("missing").focus();
  else if (event.key === "ArrowLeft") at("back").click();
  else if (event.key === "Enter" && event.target.tagName !== "BUTTON") at("next").click();
  else return;
  event.preventDefault();
});

go(-1);
