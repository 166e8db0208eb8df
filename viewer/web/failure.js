// The one message that stands in front of everything: why there is no city, and what to do.
import { text } from "./texts.js";

const part = (id) => document.getElementById(id);
let timer;

/**
 * Shows why it does not go on. `key` names the text, `detail` is for bug reports, `again` is what the button does;
 * with `seconds`, it is done by itself after so long.
 */
export function fail(key, { detail = "", again, label = "retry", seconds } = {}) {
  clearTimeout(timer);
  document.body.dataset.state = "failed";
  part("failure-text").dataset.text = key;
  part("failure-text").textContent = text(key);
  part("failure-detail").textContent = detail;
  const button = part("failure-again");
  button.hidden = !again;
  button.dataset.text = label;
  button.textContent = text(label);
  const go = () => {
    clearTimeout(timer);
    recover();
    again();
  };
  button.onclick = go;
  part("failure").hidden = false;
  if (seconds) timer = setTimeout(go, seconds * 1000);
}

/** Takes the message away. */
export function recover() {
  part("failure").hidden = true;
  document.body.dataset.state = "starting";
}
