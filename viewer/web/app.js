// The page around the viewer: finds the collection, starts the viewer on the canvas, and connects panels, input,
// requests and the address with it. The viewer's own interface is described in viewer/src/web.rs.
import init, { start } from "./viewer.js";
import { fail } from "./failure.js";
import { connect } from "./input.js";
import { rememberView, viewCommand } from "./link.js";
import { connectPanels } from "./panels.js";
import { Requests } from "./requests.js";
import { current, preferredLanguage, speak, text } from "./texts.js";

const query = new URLSearchParams(location.search);
const base = new URL("../", document.baseURI);
let canvas = document.getElementById("city");
let city;
let remembering;

speak(preferredLanguage());
const language = document.getElementById("language");
language.value = current();
language.addEventListener("change", () => {
  speak(language.value, true);
  command({ command: "setLanguage", language: language.value });
});
const render = connectPanels({
  command,
  itemUrl: (id) => new URL(`collections/${encodeURIComponent(city.collection)}/items/${encodeURIComponent(id)}`, base).href,
  focusCity: () => canvas.focus({ preventScroll: true }),
});
addEventListener("hashchange", ({ newURL }) => {
  // A view that was about to be remembered must not take the place of the one that is asked for.
  clearTimeout(remembering);
  const view = viewCommand(new URL(newURL).hash);
  if (view) command(view);
});
main();

/** From nothing to a city; called again when a person asks to try again. */
async function main(tries = 0) {
  let collection;
  try {
    if (!(await hasGraphics())) return fail("error.graphics");
    collection = await findCollection();
    await init();
  } catch (error) {
    return error instanceof Unreachable ? unreachable(error, tries) : unexpected(error);
  }
  return collection ? open(collection) : fail("error.notFound", { detail: location.href });
}

class Unreachable extends Error {}

function unexpected(error) {
  fail("error.unexpected", { detail: String(error.message ?? error), again: () => location.reload() });
}

/** A network may come back by itself: asked again after 2, 4, 8, ... at most 30 seconds. */
function unreachable(error, tries) {
  const detail = String(error.message ?? error);
  fail("error.network", { detail, again: () => main(tries + 1), seconds: Math.min(30, 2 ** (tries + 1)) });
}

/** Whether the browser has one of the two ways to draw, before the viewer is downloaded. */
async function hasGraphics() {
  if (await navigator.gpu?.requestAdapter().catch(() => null)) return true;
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

/** The collection that the address names, else the server's first; nothing if there is no such one. */
async function findCollection() {
  const response = await fetch(new URL("collections", base), { headers: { accept: "application/json" } }).catch((error) => {
    throw new Unreachable(error.message);
  });
  if (!response.ok) throw new Unreachable(`${response.status} ${response.url}`);
  const { collections } = await response.json();
  const ids = collections.map(({ id }) => id);
  return query.has("collection") ? ids.find((id) => id === query.get("collection")) : ids[0];
}

/** Starts the viewer. `remembered` is a snapshot to go on from. */
async function open(collection, remembered) {
  const options = {
    url: new URL(`collections/${encodeURIComponent(collection)}/3dtiles/tileset.json`, base).href,
    language: current(),
    backend: query.get("backend") ?? "auto",
    quality: query.get("quality") ?? "auto",
  };
  const error = Number(query.get("error"));
  if (error > 0) options.maximumScreenSpaceError = error;
  let viewer;
  try {
    viewer = await start(canvas, JSON.stringify(options));
  } catch (reason) {
    return fail("error.graphics", { detail: String(reason.message ?? reason), again: restart, label: "page.restart" });
  }
  city = { collection, viewer, remembered, placed: false };
  city.requests = new Requests(viewer, {
    onFailed: (message, permanent) => !city?.placed && noTileset(message, permanent),
    onBroken: (detail) => fail("error.unexpected", { detail, again: () => location.reload() }),
  });
  city.disconnect = connect(canvas, viewer, { select: selectMiddle, clear, help: () => document.getElementById("help").showModal() });
  viewer.on_redraw(() => requestAnimationFrame(() => city?.viewer === viewer && viewer.frame()));
  viewer.on_change(() => city?.viewer === viewer && changed());
  viewer.on_lost((detail) => lost(viewer, detail));
  // WebGL tells its canvas alone.
  canvas.addEventListener("webglcontextlost", () => lost(viewer, "webglcontextlost"));
  document.body.dataset.state = "loading";
  changed();
  return undefined;
}

/** The first tileset did not come: nothing can be shown. A refusal is final, anything else is tried again. */
function noTileset(detail, permanent) {
  if (permanent) fail("error.tileset", { detail, again: restart });
  else document.getElementById("loading-text").textContent = text("loading.retrying");
}

/** Shows the session as it is now. */
function changed() {
  const snapshot = JSON.parse(city.viewer.snapshot());
  place(snapshot);
  render(snapshot);
  if (city.placed && !snapshot.flying) rememberSoon(snapshot.camera);
}

/** Once the first tileset has come, goes to the view in the address, or back to where it was. */
function place(snapshot) {
  if (city.placed || snapshot.progress.tiles.tilesets === 0) return;
  city.placed = true;
  setUtcOffset(snapshot);
  for (const wish of wishes(city.remembered)) command(wish);
  const view = viewCommand();
  if (view) command(view);
}

/** What brings a session back to where another was. */
function wishes(snapshot) {
  if (!snapshot) return [];
  const [year, month, day] = snapshot.time.date;
  return [
    { command: "setDate", year, month, day },
    { command: "setUtcOffset", minutes: snapshot.time.utcOffsetMinutes },
    { command: "setTimeOfDay", hours: snapshot.time.hours },
    ...snapshot.layers.map(({ name, visible }) => ({ command: "setLayer", layer: name, visible })),
    { command: "setCamera", ...pick(snapshot.camera, ["lon", "lat", "height", "heading", "pitch"]) },
  ];
}

const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));

/** The clock of the person counts where it can be the city's: within two and a half hours of the sun's time there. */
function setUtcOffset({ camera, time: { date: [year, month, day] } }) {
  const minutes = -new Date(year, month - 1, day, 12).getTimezoneOffset();
  if (Math.abs(minutes - camera.lon * 4) <= 150) command({ command: "setUtcOffset", minutes });
}

function rememberSoon(camera) {
  clearTimeout(remembering);
  remembering = setTimeout(() => rememberView(camera), 250);
}

/** Sends a command to the session, if there is one. */
function command(object) {
  city?.viewer.command(JSON.stringify(object));
  // From winter to summer the clock changes with the date.
  if (city && object.command === "setDate") setUtcOffset(JSON.parse(city.viewer.snapshot()));
}

/** Selects what is in the middle of the picture: the click of those who use the keyboard. */
function selectMiddle() {
  const found = city.viewer.pick(canvas.width / 2, canvas.height / 2);
  if (!found) return;
  const { feature, point } = JSON.parse(found);
  command({ command: "select", feature, point });
  changed(); // the panel must be there to take the focus
  document.getElementById("feature").focus();
}

function clear() {
  command({ command: "clearSelection" });
}

/** The graphics device is gone; the session's state is not. */
function lost(viewer, detail) {
  if (city?.viewer !== viewer) return;
  city.remembered = JSON.parse(viewer.snapshot());
  fail("page.graphicsLost", { detail, again: restart, label: "page.restart" });
}

/** Starts anew on a new canvas: one whose context was lost cannot be used again. */
function restart() {
  const { collection, remembered } = city ?? {};
  city?.requests.close();
  city?.disconnect();
  city?.viewer.free();
  city = undefined;
  const fresh = canvas.cloneNode();
  canvas.replaceWith(fresh);
  canvas = fresh;
  if (collection) open(collection, remembered);
  else main();
}

/** For tests and bug reports. */
window.kortteli = {
  snapshot: () => city && JSON.parse(city.viewer.snapshot()),
  settled: () => Boolean(city?.placed && city.viewer.settled()),
  pick: (x, y) => JSON.parse(city?.viewer.pick(x, y) ?? "null"),
  statistics: () => city && JSON.parse(city.viewer.statistics()),
  backend: () => city?.viewer.backend(),
  command,
};
