// The panels around the city show a snapshot of the session, and send commands. They keep no state of their own.
import { current, text } from "./texts.js";

const part = (id) => document.getElementById(id);

/** Changes a text only when it is another one, so that nothing flickers and live regions speak once. */
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Connects the panels. `command(object)` sends one to the session; `itemUrl(id)` is where all data of a feature is. */
export function connectPanels({ command, itemUrl, focusCity }) {
  for (const button of document.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => command({ command: "step", step: button.dataset.step }));
  }
  part("home").addEventListener("click", () => command({ command: "home", seconds: travelTime() }));
  part("layers").addEventListener("change", ({ target }) => {
    command({ command: "setLayer", layer: target.value, visible: target.checked });
  });
  connectTime(command);
  connectFeature({ command, focusCity });
  connectHelp();
  part("link-copy").addEventListener("click", () => copy(location.href, "camera.linkCopied"));
  part("notice-close").addEventListener("click", () => command({ command: "dismissError" }));
  foldOnSmallScreens();
  return (snapshot) => render(snapshot, itemUrl);
}

/** Seconds that the camera may take: none for people whom motion makes ill. */
export const travelTime = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 1.2);

function connectTime(command) {
  part("time").addEventListener("input", ({ target }) => {
    command({ command: "setTimeOfDay", hours: Number(target.value) / 60 });
  });
  part("date").addEventListener("change", ({ target }) => {
    const [year, month, day] = target.value.split("-").map(Number);
    if (day) command({ command: "setDate", year, month, day });
  });
  part("now").addEventListener("click", () => setNow(command));
}

/** The date and time of the person's clock. */
function setNow(command) {
  const now = new Date();
  command({ command: "setDate", year: now.getFullYear(), month: now.getMonth() + 1, day: now.getDate() });
  command({ command: "setUtcOffset", minutes: -now.getTimezoneOffset() });
  command({ command: "setTimeOfDay", hours: now.getHours() + now.getMinutes() / 60 });
}

function connectFeature({ command, focusCity }) {
  const clear = () => {
    command({ command: "clearSelection" });
    focusCity();
  };
  part("feature-close").addEventListener("click", clear);
  part("feature").addEventListener("keydown", ({ key }) => key === "Escape" && clear());
  part("feature-fly").addEventListener("click", () => {
    command({ command: "flyTo", place: { place: "selected" }, seconds: travelTime() });
  });
  part("feature-copy").addEventListener("click", () => copy(part("feature").dataset.id, "page.idCopied"));
}

async function copy(words, done) {
  try {
    await navigator.clipboard.writeText(words);
    announce(text(done));
  } catch {
    // Without a secure context there is no clipboard: then the words are shown to be copied by hand.
    prompt("", words);
  }
}

function connectHelp() {
  const dialog = part("help");
  part("help-open").addEventListener("click", () => dialog.showModal());
  part("help-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

function foldOnSmallScreens() {
  if (matchMedia("(max-width: 52rem), (max-height: 26rem)").matches) part("controls").open = false;
}

/** Tells people who do not see the picture. */
export function announce(words) {
  say(part("announcement"), words);
}

function render(snapshot, itemUrl) {
  if (snapshot.title) {
    document.title = `${snapshot.title} – Kortteli`;
    say(part("title"), snapshot.title);
  }
  renderCredits(snapshot.credits.join(" · "));
  renderLayers(snapshot.layers);
  renderTime(snapshot.time);
  renderFeature(snapshot.selected, itemUrl);
  renderProgress(snapshot);
  const notice = part("notice");
  notice.hidden = !snapshot.error;
  say(part("notice-text"), snapshot.error ?? "");
}

/** The credits, with addresses in them as links. */
function renderCredits(words) {
  const place = part("credits");
  if (place.dataset.words === words) return;
  place.dataset.words = words;
  place.replaceChildren(...linked(words));
}

/** A text as pieces, with the web addresses in it as links. */
function linked(words) {
  return words.split(/(https?:\/\/[^\s,;·]+)/).map((piece, i) => (i % 2 ? link(piece) : piece));
}

function link(href) {
  const words = href.replace(/^https?:\/\/(www\.)?/, "");
  return Object.assign(document.createElement("a"), { href, textContent: words, rel: "noopener", target: "_blank" });
}

function renderLayers(layers) {
  const list = part("layers");
  const names = layers.map(({ name }) => name).join(" ");
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(...layers.map(layerItem));
  }
  layers.forEach(({ label, visible, count }, row) => {
    const [box, words, number] = list.children[row].firstElementChild.children;
    box.checked = visible;
    say(words, label);
    say(number, count > 0 ? count.toLocaleString(current()) : "");
    number.title = count > 0 ? text("layer.count", { n: count.toLocaleString(current()) }) : "";
  });
}

function layerItem({ name }) {
  const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name, id: `layer-${name}` });
  const words = document.createElement("span");
  const number = Object.assign(document.createElement("span"), { className: "count" });
  const label = document.createElement("label");
  label.append(box, words, number);
  const item = document.createElement("li");
  item.append(label);
  return item;
}

function renderTime({ date: [year, month, day], hours, utcOffsetMinutes, sunAltitude }) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.min(Math.round(hours * 60), 1439);
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  const zone = `UTC${utcOffsetMinutes < 0 ? "−" : "+"}${Math.floor(Math.abs(utcOffsetMinutes) / 60)}${utcOffsetMinutes % 60 ? `:${two(Math.abs(utcOffsetMinutes) % 60)}` : ""}`;
  say(part("time-text"), `${clock} (${zone})`);
  // Not under the fingers of whoever is setting it.
  if (document.activeElement !== part("time")) part("time").value = String(minutes);
  if (document.activeElement !== part("date")) part("date").value = date;
  part("time").setAttribute("aria-valuetext", clock);
  const degrees = sunAltitude.toLocaleString(current(), { maximumFractionDigits: 0 });
  say(part("sun"), sunAltitude > 0 ? `${text("time.sunAltitude")}: ${degrees}°` : text("time.sunBelow"));
}

function renderFeature(selected, itemUrl) {
  const panel = part("feature");
  panel.hidden = !selected;
  if (!selected) {
    delete panel.dataset.id;
    return;
  }
  const { id, title, rows, details, feature } = selected;
  if (panel.dataset.id !== id) announce(title);
  panel.dataset.id = id;
  say(part("feature-name"), title);
  part("feature-link").href = itemUrl(id);
  part("feature-fly").hidden = !selected.bbox;
  const note = featureNote(details, feature);
  part("feature-note").hidden = !note;
  say(part("feature-note"), note);
  renderRows(rows);
}

function featureNote(details, { merged }) {
  if (merged > 1) return `${text("feature.merged", { n: merged })}. ${text("feature.mergedNote")}`;
  return { wanted: text("feature.loading"), failed: text("error.attributes") }[details] ?? "";
}

function renderRows(rows) {
  const list = part("feature-attributes");
  const key = JSON.stringify(rows);
  if (list.dataset.rows === key) return;
  list.dataset.rows = key;
  list.replaceChildren(
    ...rows.flatMap(({ name, label, value }) => {
      const term = Object.assign(document.createElement("dt"), { textContent: label });
      const words = document.createElement("dd");
      words.append(...linked(value));
      words.dataset.name = name;
      return [term, words];
    }),
  );
}

function renderProgress({ settled, progress: { tiles } }) {
  const { state } = document.body.dataset;
  if (settled && state === "loading" && tiles.loadedEver + tiles.loaded > 0) announce(text("loading.done"));
  document.body.dataset.state = settled ? "ready" : "loading";
  const waiting = tiles.missing > 0 ? text("loading.tiles", { n: tiles.missing }) : text("loading");
  say(part("loading-text"), tiles.retrying > 0 ? text("loading.retrying") : waiting);
}
