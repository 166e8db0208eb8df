// The words on the page, from the table that the desktop viewer uses as well (viewer/session/strings.json).
import table from "./strings.js";

export const LANGUAGES = ["fi", "sv", "en"];
const REMEMBERED = "kortteli.language";
let language = "en";

/** The text with this key; `{name}` in it becomes `values.name`. */
export function text(key, values = {}) {
  const found = table[key]?.[language] ?? key;
  return found.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** The language in force. */
export const current = () => language;

/** What the address asks for, else what was chosen last time, else what the browser prefers. */
export function preferredLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, stored(), ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** Speaks another language: fills every element that names its text, and remembers the choice if a person made it. */
export function speak(chosen, remember = false) {
  language = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = text(element.dataset.label);
  }
  if (remember) store(chosen);
}

// Storage may be forbidden; then the choice lasts as long as the page.
function stored() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function store(chosen) {
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch {
    // nothing to be done
  }
}
