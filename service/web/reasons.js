// Why a hashtag was suggested: the reasons, the moments in the clip, and tags used in similar ways.

import {get} from "./api.js";
import {at, make} from "./elements.js";

const KINDS = {
  hashtag: name => `Motion and pictures like clips of #${name}`,
  seen: name => `Seen in the pictures: ${name}`,
  hint: name => `Your hashtag #${name}`,
};
const percent = share => `${Math.round(100 * share)} %`;

// Shows the reasons in the section `why`. `seek(seconds)` plays the clip there; `add(tag)` chooses a tag.
export function showReasons({tag, because, moments}, {seek, add, close, hasMap}) {
  const section = at("why");
  const closing = make("button", {type: "button", className: "plain", "aria-label": "Close"}, "Close");
  closing.onclick = close;
  const neighbours = make("ul", {className: "chips"});
  const parts = [make("div", {className: "bar"}, make("h4", {id: "why-title"}, `Why #${tag}?`), closing)];
  if (because?.length) {
    parts.push(make("ul", {className: "reasons"}, ...because.map(({kind, name, share}) =>
      make("li", {}, (KINDS[kind] ?? (one => one))(name), " ",
        make("meter", {value: share, max: 1, "aria-label": percent(share)}), " ", make("small", {}, percent(share))))));
  }
  if (moments?.length) {
    const most = Math.max(...moments.map(({share}) => share), 1e-9);
    parts.push(make("p", {}, "When in the clip (select to play):"),
      make("div", {className: "moments"}, ...moments.map(({start_s: start, end_s: end, share}) => {
        const label = `${start.toFixed(1)} to ${end.toFixed(1)} s: ${percent(share)}`;
        const slot = make("button", {type: "button", title: label, "aria-label": label}, make("span"));
        slot.firstChild.style.height = `${Math.max(4, 100 * share / most)}%`;
        slot.onclick = () => seek(start);
        return slot;
      })));
  }
  parts.push(make("p", {}, "Used in similar ways:"), neighbours);
  if (hasMap) parts.push(make("p", {}, make("a", {href: `map#${encodeURIComponent(tag)}`, target: "_blank", rel: "opener"}, `#${tag} on the map`)));
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
