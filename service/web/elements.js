// Elements of the page.

export const at = id => document.getElementById(id);

// An element with properties and children; what is not a property (aria-label, data-key) becomes an attribute.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property in element) element[property] = value;
    else if (value !== undefined && value !== null) element.setAttribute(property, value);
  }
  element.append(...children);
  return element;
}

// Replaces children; the one with the data-key that had the focus has it again.
export function refill(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (focused) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// Says something in a live region, again if it is the same.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
