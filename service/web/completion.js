// Completes hashtags in a text field, the most used first.

import {authorization} from "./api.js";
import {make} from "./elements.js";

const WAIT_MS = 120;

export const clean = text => text.trim().replace(/^#+/, "").replace(/\s+/g, "").toLowerCase();

// `chosen(tag)` is called when a completion is selected.
export function complete(field, list, chosen) {
  let active = -1, timer = 0, asked = null;
  const close = () => {
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const take = tag => {
    close();
    chosen(tag);
  };
  const show = tags => {
    list.replaceChildren(...tags.map(({tag, posts}, index) => {
      const item = make("li", {id: `completion-${index}`, role: "option", "aria-selected": "false"}, `#${tag} `,
        make("small", {}, `${posts.toLocaleString("en")} posts`));
      item.onpointerdown = event => event.preventDefault();
      item.onclick = () => take(tag);
      item.dataset.tag = tag;
      return item;
    }));
    list.hidden = !tags.length;
    active = -1;
    field.setAttribute("aria-expanded", String(tags.length > 0));
    field.removeAttribute("aria-activedescendant");
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    const prefix = clean(field.value);
    if (!prefix) return close();
    timer = setTimeout(async () => {
      asked = new AbortController();
      try {
        const response = await fetch(`v1/tags?${new URLSearchParams({prefix, k: 8})}`, {headers: authorization(), signal: asked.signal});
        if (response.ok) show((await response.json()).tags);
        else close();
      } catch { /* typing works without completions */ }
    }, WAIT_MS);
  });
  field.addEventListener("keydown", event => {
    const {key} = event;
    if (list.hidden) return;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      const count = list.children.length;
      active = (active + (key === "ArrowDown" ? 1 : -1) + (active < 0 && key === "ArrowUp" ? 1 : 0) + count) % count;
      for (const [index, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(index === active));
      field.setAttribute("aria-activedescendant", `completion-${active}`);
      list.children[active].scrollIntoView({block: "nearest"});
    } else if (key === "Enter" && active >= 0) {
      event.preventDefault();
      take(list.children[active].dataset.tag);
    } else if (key === "Escape") {
      event.preventDefault();
      close();
    }
  });
  field.addEventListener("blur", close);
  return {close() { clearTimeout(timer); asked?.abort(); close(); }};
}
