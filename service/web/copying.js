// Copies text, even on plain HTTP, where the clipboard API is unavailable.

import {at} from "./elements.js";

// Returns whether it was copied; if not, the text is shown and selected for the reader to copy.
export async function copy(text) {
  const field = at("copy-field");
  field.hidden = true;
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { /* not allowed: the old way */ }
  }
  const focused = document.activeElement;
  field.value = text;
  field.hidden = false;
  field.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch { /* shown instead */ }
  if (copied) {
    field.hidden = true;
    focused?.focus();
  }
  return copied;
}
