// The map of the tag space: all hashtags, with those that are used in similar ways close together.

import {get} from "./api.js";
import {at, make, say} from "./elements.js";
import {Sheet} from "./sheet.js";

const SIDE = 65535;
const CLOSEST = 40;
const CELL = 512; // cell size of the grid that tags are looked up in
const NEAR_PX = 22;
const SETTLE_MS = 90;

const plane = at("plane"), context = plane.getContext("2d", {alpha: false}), card = at("card");
const dark = matchMedia("(prefers-color-scheme: dark)"), still = matchMedia("(prefers-reduced-motion: reduce)");
const view = {x: SIDE / 2, y: SIDE / 2, scale: 0};
let map = null, sheet = null, grid = null, wide = 0, high = 0, density = 1, asked = false, settling = 0, style = null;
let marked = null, picked = null, near = [];
let chosen = []; // tags of the clip that are on the map, as indices
const clip = JSON.parse(sessionStorage.getItem("clip") ?? "null");

const whole = () => Math.min(wide, high) * 0.94 / SIDE;
const toScreen = (x, y) => [(x - view.x) * view.scale + wide / 2, (y - view.y) * view.scale + high / 2];
const toMap = (px, py) => [(px - wide / 2) / view.scale + view.x, (py - high / 2) / view.scale + view.y];

function styled() {
  const read = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  style = {
    card: read("--card"), ink: read("--ink"), hue: read("--hue"), bad: read("--bad"), whole: whole(),
    colour: region => `hsl(${(region * 137.5) % 360} 65% ${dark.matches ? 66 : 42}%)`,
  };
}

// Drawing

function redraw() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(frame);
  }
}

function frame() {
  asked = false;
  if (!map || !wide) return;
  if (sheet.scale === 0 || (sheet.scale === view.scale && !sheet.covers(view, wide, high))) {
    sheet.draw(view, wide, high, density, style);
  } else if (sheet.scale !== view.scale) {
    clearTimeout(settling);
    settling = setTimeout(() => {
      sheet.draw(view, wide, high, density, style);
      redraw();
    }, SETTLE_MS);
  }
  const {canvas} = sheet, ratio = view.scale / sheet.scale;
  const [left, top] = toScreen(sheet.x - sheet.halfWide, sheet.y - sheet.halfHigh);
  if (ratio !== 1) {
    context.fillStyle = style.card;
    context.fillRect(0, 0, plane.width, plane.height);
    context.drawImage(canvas, left * density, top * density, canvas.width * ratio, canvas.height * ratio);
  } else {
    context.drawImage(canvas, Math.round(left * density), Math.round(top * density));
  }
  context.save();
  context.scale(density, density);
  overlay();
  context.restore();
}

function ring(x, y, radius, colour, text, below = false) {
  context.font = "600 14px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const half = context.measureText(text).width / 2 + 6;
  const middle = x < 0 || x > wide ? x : Math.min(Math.max(x, half), Math.max(half, wide - half));
  const line = below ? y + radius + 12 : y - radius - 12;
  // On a ground of its own, which hides the plain name of the tag.
  context.beginPath();
  context.roundRect(middle - half, line - 12, 2 * half, 24, 6);
  context.fillStyle = style.card;
  context.fill();
  context.fillStyle = style.ink;
  context.fillText(text, middle, line);
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.lineWidth = 5;
  context.strokeStyle = style.card;
  context.stroke();
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.stroke();
}

function overlay() {
  const shown = picked ?? marked;
  if (shown !== null) {
    const from = toScreen(map.x[shown], map.y[shown]);
    context.strokeStyle = style.hue;
    context.lineWidth = 1;
    for (const index of near) {
      const place = toScreen(map.x[index], map.y[index]);
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...place);
      context.stroke();
      context.fillStyle = style.hue;
      context.fillRect(place[0] - 3, place[1] - 3, 6, 6);
    }
  }
  for (const index of chosen) ring(...toScreen(map.x[index], map.y[index]), 6, style.hue, `#${map.tags[index]}`);
  if (clip?.place) ring(...toScreen(clip.place.x, clip.place.y), 11, style.bad, "your clip", true);
  if (marked !== null && marked !== picked) ring(...toScreen(map.x[marked], map.y[marked]), 6, style.ink, `#${map.tags[marked]}`);
  if (picked !== null) ring(...toScreen(map.x[picked], map.y[picked]), 9, style.hue, `#${map.tags[picked]}`);
  if (document.activeElement === plane && plane.matches(":focus-visible")) {
    context.strokeStyle = style.ink;
    context.lineWidth = 1.5;
    context.strokeRect(wide / 2 - 5, high / 2 - 5, 10, 10);
  }
}

// Moving

function bound() {
  view.scale = Math.min(Math.max(view.scale, whole() / 1.3), whole() * CLOSEST);
  view.x = Math.min(Math.max(view.x, 0), SIDE);
  view.y = Math.min(Math.max(view.y, 0), SIDE);
}

function zoom(factor, px = wide / 2, py = high / 2) {
  const [x, y] = toMap(px, py);
  view.scale *= factor;
  bound();
  view.x = x - (px - wide / 2) / view.scale;
  view.y = y - (py - high / 2) / view.scale;
  bound();
  redraw();
}

function pan(dx, dy) {
  view.x -= dx / view.scale;
  view.y -= dy / view.scale;
  bound();
  redraw();
}

function go(x, y, scale) {
  const from = {...view}, start = performance.now();
  const step = now => {
    const part = still.matches ? 1 : Math.min(1, Math.max(0, now - start) / 300), eased = part * (2 - part);
    view.scale = from.scale * (scale / from.scale) ** eased;
    view.x = from.x + (x - from.x) * eased;
    view.y = from.y + (y - from.y) * eased;
    bound();
    redraw();
    if (part < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

// Finding

function nearest(px, py, within = NEAR_PX) {
  const [x, y] = toMap(px, py), reach = within / view.scale;
  let best = null, least = reach ** 2;
  for (let column = Math.floor((x - reach) / CELL); column <= (x + reach) / CELL; column += 1) {
    for (let row = Math.floor((y - reach) / CELL); row <= (y + reach) / CELL; row += 1) {
      for (const index of grid.get(column * 1000 + row) ?? []) {
        const distance = (map.x[index] - x) ** 2 + (map.y[index] - y) ** 2;
        if (distance < least) [best, least] = [index, distance];
      }
    }
  }
  return best;
}

// Says so, and closes the card of another tag.
function missing(tag) {
  say(at("nothing"), `No hashtag like #${tag} on the map.`);
  pick(null);
}
const clean = text => text.trim().replace(/^#+/, "").replace(/\s+/g, "").toLowerCase();

// The tag itself, then those that begin so, then those that contain it; each the most used first.
export function search(text, most = 12) {
  const wanted = clean(text);
  if (!wanted) return [];
  const exact = map.rows.get(wanted), starting = exact === undefined ? [] : [exact], containing = [];
  for (let index = 0; index < map.tags.length && starting.length < most; index += 1) {
    if (index === exact) continue;
    const place = map.tags[index].indexOf(wanted);
    if (place === 0) starting.push(index);
    else if (place > 0 && containing.length < most) containing.push(index);
  }
  return [...starting, ...containing].slice(0, most);
}

// The index of a tag in any inflection, of which the map has one; undefined if the service does not know it.
async function locate(tag) {
  if (map.rows.has(tag)) return map.rows.get(tag);
  try {
    const {plus: [{tag: known, parts}]} = await get(`v1/tags/${encodeURIComponent(tag)}/neighbours?k=1`);
    return parts.length ? undefined : map.rows.get(known);
  } catch {
    return undefined;
  }
}

// Details of a tag

const neighbours = new Map(); // of a tag: each neighbour with its index
let waiting = 0;

async function neighboursOf(tag) {
  if (!neighbours.has(tag)) {
    const found = (await get(`v1/tags/${encodeURIComponent(tag)}/neighbours?k=8`)).neighbours;
    neighbours.set(tag, await Promise.all(found.map(async one => [one.tag, await locate(one.tag)])));
  }
  return neighbours.get(tag);
}

function tell(index, wait, centred = false) {
  const tag = map.tags[index], name = sheet.names[map.region[index]];
  const list = make("ul", {className: "chips"});
  const closing = make("button", {type: "button", className: "plain", "aria-label": "Close"}, "×");
  closing.onclick = () => {
    pick(null);
    plane.focus();
  };
  const posts = `${map.posts[index].toLocaleString("en")} posts`;
  card.replaceChildren(make("div", {className: "bar"}, make("h2", {}, `#${tag}`), closing),
    make("p", {}, name === index ? posts : `${posts}; region: #${map.tags[name]}`), list);
  card.hidden = false;
  // On the other side, so that it does not cover the tag.
  card.classList.toggle("right", !centred && toScreen(map.x[index], map.y[index])[0] < wide / 2);
  near = [];
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    let found;
    try {
      found = await neighboursOf(tag);
    } catch (error) {
      list.replaceChildren(make("li", {}, error.message));
      return;
    }
    if ((picked ?? marked) !== index) return;
    near = found.map(([, place]) => place).filter(place => place !== undefined);
    list.replaceChildren(...found.map(([one, place]) => {
      const chip = make("button", {type: "button", className: "chip", disabled: place === undefined}, `#${one}`);
      chip.onclick = () => pick(place);
      return make("li", {}, chip);
    }));
    redraw();
  }, wait);
  redraw();
}

function pick(index, move = true) {
  picked = index;
  marked = null;
  if (index === null) {
    card.hidden = true;
    near = [];
    redraw();
    return;
  }
  history.replaceState(null, "", `#${encodeURIComponent(map.tags[index])}`);
  tell(index, 0, move);
  if (move) go(map.x[index], map.y[index], Math.max(view.scale, whole() * 7));
}

// Events

const pointers = new Map();
let moved = 0;

plane.addEventListener("pointerdown", event => {
  plane.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, {x: event.offsetX, y: event.offsetY});
  if (pointers.size === 1) moved = 0;
});
plane.addEventListener("pointermove", event => {
  if (!map) return;
  const {offsetX: x, offsetY: y} = event, before = pointers.get(event.pointerId);
  if (!before) {
    const under = nearest(x, y);
    if (under !== marked && picked === null) {
      marked = under;
      if (under === null) card.hidden = true;
      else tell(under, 250);
      redraw();
    }
    return;
  }
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    zoom(Math.hypot(x - other.x, y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)), other.x, other.y);
    moved = Infinity;
  } else {
    moved += Math.hypot(x - before.x, y - before.y);
    pan(x - before.x, y - before.y);
  }
  Object.assign(before, {x, y});
});
for (const kind of ["pointerup", "pointercancel"]) {
  plane.addEventListener(kind, event => {
    if (!pointers.delete(event.pointerId) || !map || kind === "pointercancel" || moved > 6) return;
    pick(nearest(event.offsetX, event.offsetY), false);
  });
}
plane.addEventListener("wheel", event => {
  event.preventDefault();
  if (map) zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.offsetX, event.offsetY);
}, {passive: false});
plane.addEventListener("dblclick", event => map && zoom(2, event.offsetX, event.offsetY));
plane.addEventListener("keydown", event => {
  if (!map || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    ArrowLeft: () => pan(80, 0), ArrowRight: () => pan(-80, 0), ArrowUp: () => pan(0, 80), ArrowDown: () => pan(0, -80),
    "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: () => at("whole").click(),
    Enter: () => pick(nearest(wide / 2, high / 2, Math.min(wide, high) / 2), false), Escape: () => pick(null),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
for (const kind of ["focus", "blur"]) plane.addEventListener(kind, redraw);
at("closer").onclick = () => map && zoom(1.6);
at("farther").onclick = () => map && zoom(1 / 1.6);
at("whole").onclick = () => map && go(SIDE / 2, SIDE / 2, whole());

const field = at("search"), found = at("found");
let active = -1, looking = 0;
function close() {
  found.hidden = true;
  active = -1;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}
function offer(results) {
  found.replaceChildren(...results.map((index, place) => {
    const item = make("li", {id: `found-${place}`, role: "option", "aria-selected": "false"}, `#${map.tags[index]} `,
      make("small", {}, map.posts[index].toLocaleString("en")));
    item.onpointerdown = event => event.preventDefault();
    item.onclick = () => {
      close();
      pick(index);
    };
    return item;
  }));
  active = -1;
  field.removeAttribute("aria-activedescendant");
  found.hidden = !results.length;
  field.setAttribute("aria-expanded", String(results.length > 0));
}
field.oninput = () => {
  clearTimeout(looking);
  say(at("nothing"), "");
  if (!map) return;
  const results = search(field.value), text = clean(field.value);
  offer(results);
  if (!text || results.length) return;
  looking = setTimeout(async () => {
    const index = await locate(text);
    if (clean(field.value) !== text) return;
    if (index !== undefined) offer([index]);
    else missing(text);
  }, 250);
};
field.onkeydown = event => {
  const count = found.hidden ? 0 : found.children.length;
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
    event.preventDefault();
    active = event.key === "ArrowDown" ? (active + 1) % count : (Math.max(active, 0) - 1 + count) % count;
    for (const [place, item] of [...found.children].entries()) item.setAttribute("aria-selected", String(place === active));
    field.setAttribute("aria-activedescendant", `found-${active}`);
    found.children[active].scrollIntoView({block: "nearest"});
  } else if (event.key === "Escape") {
    close();
  }
};
field.onblur = close;
// Without a selection the tag itself, in any inflection, then the best completion.
at("find").onsubmit = async event => {
  event.preventDefault();
  clearTimeout(looking);
  const text = clean(field.value), completion = found.children[Math.max(active, 0)];
  if (!map || !text) return;
  const index = active < 0 ? await locate(text) : undefined;
  if (clean(field.value) !== text) return;
  if (index !== undefined) {
    close();
    say(at("nothing"), "");
    pick(index);
  } else if (completion) {
    completion.click();
  } else {
    missing(text);
  }
};

// Moves as little as it takes: the card leaves less room on a phone.
function keepInView(index) {
  const [x, y] = toScreen(map.x[index], map.y[index]), within = (value, most) => Math.min(Math.max(value, NEAR_PX), most - NEAR_PX);
  pan(within(x, wide) - x, within(y, high) - y);
}

function fit() {
  const first = wide === 0, [wideBefore, highBefore] = [wide, high];
  [wide, high, density] = [plane.clientWidth, plane.clientHeight, Math.min(devicePixelRatio || 1, 2)];
  plane.width = Math.round(wide * density);
  plane.height = Math.round(high * density);
  if (first) view.scale = whole();
  else if (wide === wideBefore) view.y += (high - highBefore) / 2 / view.scale; // a card came or went below: nothing else moves
  styled();
  if (sheet) sheet.scale = 0;
  bound();
  if (picked !== null) keepInView(picked);
  redraw();
}

async function load() {
  try {
    map = await get("v1/map");
  } catch (error) {
    say(at("offline"), error.message);
    return;
  }
  map.rows = new Map(map.tags.map((tag, index) => [tag, index]));
  grid = new Map();
  map.tags.forEach((_, index) => {
    const cell = Math.floor(map.x[index] / CELL) * 1000 + Math.floor(map.y[index] / CELL);
    if (!grid.has(cell)) grid.set(cell, []);
    grid.get(cell).push(index);
  });
  sheet = new Sheet(map);
  fit();
  await wanted();
  chosen = (await Promise.all((clip?.tags ?? []).map(locate))).filter(index => index !== undefined);
  redraw();
  document.documentElement.dataset.ready = "true";
}

async function wanted() {
  let tag = location.hash.slice(1);
  try {
    tag = clean(decodeURIComponent(tag));
  } catch { /* a percent sign as it is */ }
  const index = tag ? await locate(tag) : undefined;
  say(at("nothing"), "");
  if (tag && index === undefined) missing(tag);
  if (index !== undefined) pick(index);
  else if (clip?.place) go(clip.place.x, clip.place.y, whole() * 3);
}

new ResizeObserver(fit).observe(plane);
dark.addEventListener("change", fit);
addEventListener("hashchange", () => map && wanted());
load();
