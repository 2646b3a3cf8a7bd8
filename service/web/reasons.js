// Why a hashtag was suggested: the reasons, the moments in the clip, and tags used in similar ways.

import {get} from "./api.js";
import {at, make} from "./elements.js";

const KINDS = {
  hashtag: name => `Looks and moves like clips of #${name}`,
  seen: name => `Seen in the pictures: ${name}`,
  hint: name => `Your hashtag #${name}`,
};
const LEAST = 0.01; // Reasons with smaller shares are not listed.

// Whole percentages that sum to what the shares sum to, by largest remainders.
function percentages(shares) {
  const exact = shares.map(share => 100 * share), whole = exact.map(Math.floor);
  const sum = numbers => numbers.reduce((one, other) => one + other, 0);
  const byRemainder = [...exact.keys()].sort((one, other) => exact[other] - whole[other] - (exact[one] - whole[one]));
  for (const index of byRemainder.slice(0, Math.round(sum(exact)) - sum(whole))) whole[index] += 1;
  return whole.map((percent, index) => percent === 0 ? "under 1 %" : percent === 100 && shares[index] < 1 ? "over 99 %" : `${percent} %`);
}

// The reasons that are listed, with the rest as the last.
function listed(because) {
  const reasons = because.filter(({share}) => share >= LEAST).map(({kind, name, share}) => [(KINDS[kind] ?? (one => one))(name), share]);
  const rest = because.reduce((sum, {share}) => sum + (share < LEAST ? share : 0), 0);
  return rest < LEAST / 2 ? reasons : [...reasons, ["Other reasons", rest]];
}

// Shows the reasons in the section `why`. `seek(seconds)` plays the clip there; `add(tag)` chooses a tag.
export function showReasons({tag, because, moments}, {seek, add, close, hasMap}) {
  const section = at("why");
  const closing = make("button", {type: "button", className: "plain", "aria-label": "Close"}, "Close");
  closing.onclick = close;
  const neighbours = make("ul", {className: "chips"});
  const parts = [make("div", {className: "bar"}, make("h4", {id: "why-title"}, `Why #${tag}?`), closing)];
  if (because?.length) {
    const reasons = listed(because), percents = percentages(reasons.map(([, share]) => share));
    parts.push(make("ul", {className: "reasons"}, ...reasons.map(([reason, share], index) =>
      make("li", {}, make("span", {}, reason), " ", make("meter", {value: share, max: 1, "aria-label": percents[index]}), " ",
        make("small", {}, percents[index])))));
  }
  if (moments?.length) {
    const most = Math.max(...moments.map(({share}) => share), 1e-9);
    const percents = percentages(moments.map(({share}) => share));
    parts.push(make("p", {}, "How well each moment fits, by its start in seconds (select one to play it):"),
      make("div", {className: "moments"}, ...moments.map(({start_s: start, end_s: end, share}, index) => {
        const label = `${start.toFixed(1)} to ${end.toFixed(1)} s: ${percents[index]}`;
        const slot = make("button", {type: "button", title: label, "aria-label": label}, make("span"),
          make("small", {}, String(Number(start.toFixed(1)))));
        slot.firstChild.style.height = `${Math.max(4, 100 * share / most)}%`;
        slot.onclick = () => seek(start);
        return slot;
      })));
  }
  parts.push(make("p", {}, "Used in similar ways:"), neighbours);
  if (hasMap) parts.push(make("p", {}, make("a", {className: "link", href: `map#${encodeURIComponent(tag)}`, target: "_blank", rel: "opener"}, `#${tag} on the map`)));
  section.replaceChildren(...parts);
  section.hidden = false;
  section.focus({preventScroll: true});
  section.scrollIntoView({block: "nearest"});
  get(`v1/tags/${encodeURIComponent(tag)}/neighbours?k=8`).then(answer => {
    neighbours.replaceChildren(...answer.neighbours.map(({tag: one}) => {
      const button = make("button", {type: "button", className: "chip", "aria-label": `Add #${one}`}, `#${one}`);
      button.onclick = () => add(one);
      return make("li", {}, button);
    }));
  }).catch(error => neighbours.replaceChildren(make("li", {}, error.message)));
}
