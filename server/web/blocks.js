// The page that turns a part of the city into a block world: box, estimate, order, progress, download.

import { dismiss, estimate, follow, order, status, world } from "./job.js";
import { CityMap } from "./map.js";
import { metres, size, square } from "./mercator.js";
import { chosen, sentence, write } from "./words.js";

const $ = (id) => document.getElementById(id);
const { collections, areaKm2 } = JSON.parse($("city").textContent);
const SIDES = ["west", "south", "east", "north"];
/** How long the box must rest before its cost is asked for. */
const REST = 350;

let language = chosen();
let city = collections.find(({ id }) => id === new URLSearchParams(location.search).get("collection")) ?? collections[0];
let job;
let last;
let asking;
let stopFollowing = () => {};
/** What is said now, to be said again in another language. */
const said = { estimate: undefined, wrong: undefined };

const map = new CityMap($("map"), (z, x, y) => `collections/${encodeURIComponent(city.id)}/map/${z}/${x}/${y}?v=${city.generation}`);
const say = (key, values) => sentence(language, key, values);

function time(seconds) {
  return seconds < 90 ? say("seconds", { n: Math.max(1, Math.ceil(seconds)) }) : say("minutes", { n: Math.ceil(seconds / 60) });
}

function tell(where, make) {
  said[where] = make;
  $(where).textContent = make ? make() : "";
}

function readFields() {
  return SIDES.map((side) => $(side).valueAsNumber);
}

function writeFields(box) {
  SIDES.forEach((side, at) => { $(side).value = box[at].toFixed(5); });
}

/** What is wrong with a box, as a sentence's key and values. */
function fault([west, south, east, north]) {
  if (![west, south, east, north].every(Number.isFinite) || west >= east || south >= north) return ["noBox"];
  const [w, s, , e, n] = city.bbox;
  if (west > e || east < w || south > n || north < s) return ["outside"];
  const [width, height] = size([west, south, east, north]);
  const area = width * height / 1e6;
  return area > areaKm2 ? ["tooLarge", { area, limit: areaKm2 }] : undefined;
}

function boxChanged(box) {
  asking?.abort();
  clearTimeout(boxChanged.timer);
  const wrong = fault(box);
  for (const side of SIDES) $(side).setAttribute("aria-invalid", String(Boolean(wrong)));
  $("start").disabled = Boolean(wrong);
  tell("wrong", wrong && (() => say(...wrong)));
  tell("estimate", wrong ? undefined : () => say("reckoning"));
  if (!wrong) boxChanged.timer = setTimeout(() => ask(box), REST);
}

const inputs = (box) => ({ collection: city.id, bbox: box.map((degree) => Number(degree.toFixed(6))) });

async function ask(box) {
  asking = new AbortController();
  try {
    const quote = await estimate(inputs(box), asking.signal);
    const [width, height] = size(box).map(Math.round);
    tell("estimate", () => {
      const blocks = Number(quote.blocks.toPrecision(2));
      const cost = say("estimated", { width, height, blocks, megabytes: Math.max(0.1, Math.round(quote.bytes / 1e5) / 10), time: time(quote.seconds) });
      return quote.secondsToWait >= 1 ? `${cost} ${say("waits", { time: time(quote.secondsToWait) })}` : cost;
    });
  } catch (problem) {
    if (problem.name !== "AbortError") complain(problem);
  }
}

function complain(problem) {
  tell("estimate");
  tell("wrong", () => {
    if (problem.wait) return say("busy", { time: time(problem.wait) });
    return problem.status ? problem.message : say("unreachable");
  });
}

async function begin() {
  $("start").disabled = true;
  try {
    watch(await order(inputs(map.box)));
    $("result").focus();
  } catch (problem) {
    complain(problem);
  }
  $("start").disabled = false;
}

function watch(info) {
  stopFollowing();
  job = info.jobID;
  sessionStorage.setItem("kortteli-job", job);
  $("spoken").textContent = "";
  last = undefined;
  showJob(info);
  stopFollowing = follow(job, showJob, forgotten);
}

/** A job that is known no more. */
function forgotten() {
  sessionStorage.removeItem("kortteli-job");
  last = undefined;
  job = undefined;
  for (const id of ["progress", "cancel", "download", "install"]) $(id).hidden = true;
  $("job").hidden = false;
  $("message").textContent = say("gone");
}

function showJob(info) {
  const ended = info.status !== "accepted" && info.status !== "running";
  const made = info.status === "successful" && world(info);
  const before = last?.status;
  $("job").hidden = false;
  $("progress").hidden = ended && !made;
  $("progress").value = info.progress ?? 0;
  $("cancel").hidden = ended;
  $("download").hidden = !made;
  $("install").hidden = !made;
  if (made) $("download").href = made.href;
  $("message").textContent = message(info, made);
  speak(info, ended);
  last = info;
  if (made && before && before !== "successful") $("download").focus();
}

function message(info, made) {
  if (made) return say("successful", { megabytes: Math.max(0.1, Math.round(made.bytes / 1e5) / 10) });
  if (info.status === "running") return say("running", { n: info.progress, time: time(info.secondsLeft ?? 0) });
  return say(info.status, { why: info.message });
}

/** Says a quarter of the work at a time: more would be noise. */
function speak(info, ended) {
  const quarter = Math.floor((info.progress ?? 0) / 25);
  const before = Math.floor((last?.progress ?? 0) / 25);
  if (ended) $("spoken").textContent = $("message").textContent;
  else if (quarter > before) $("spoken").textContent = say("spoken", { n: quarter * 25 });
}

async function cancel() {
  const gone = job;
  stopFollowing();
  sessionStorage.removeItem("kortteli-job");
  try {
    showJob(await dismiss(gone));
  } catch (problem) {
    if (problem.status === 404) forgotten();
    else complain(problem);
  }
  $("start").focus();
}

function speakIn(code) {
  language = code;
  localStorage.setItem("kortteli-language", code);
  write(code);
  for (const where of ["estimate", "wrong"]) tell(where, said[where]);
  if (last) $("message").textContent = message(last, last.status === "successful" && world(last));
}

function setTool(drawing) {
  map.drawing = drawing;
  $("draw").setAttribute("aria-pressed", String(drawing));
  $("move").setAttribute("aria-pressed", String(!drawing));
  $("map").classList.toggle("moving", !drawing);
}

function openCity(box) {
  map.forget();
  $("credits").textContent = city.attribution;
  const [west, south, , east, north] = city.bbox;
  const start = box ?? square((west + east) / 2, (south + north) / 2, 400);
  writeFields(start);
  map.goTo(start);
  boxChanged(start);
}

/** The box of the address: `?bbox=west,south,east,north`, or a view of the viewer, `#longitude,latitude,...`. */
function boxOfAddress() {
  const numbers = (text) => (text ?? "").split(",").map(Number);
  const box = numbers(new URLSearchParams(location.search).get("bbox"));
  if (box.length === 4 && box.every(Number.isFinite)) return box;
  const [lon, lat, ...rest] = numbers(location.hash.slice(1));
  if (rest.length < 3 || ![lon, lat, ...rest].every(Number.isFinite)) return undefined;
  return square(...seen(lon, lat, ...rest), 400);
}

/** Where a camera looks at the ground: `height` metres up, `heading` from north, `pitch` degrees, down is negative. */
function seen(lon, lat, height, heading, pitch) {
  const down = Math.tan(Math.max(5, -pitch) * Math.PI / 180);
  const ahead = Math.min(3000, Math.max(0, height - city.bbox[2]) / down);
  const [x, y] = metres(lat);
  const turned = heading * Math.PI / 180;
  return [lon + ahead * Math.sin(turned) / x, lat + ahead * Math.cos(turned) / y];
}

function listen() {
  map.addEventListener("box", () => {
    writeFields(map.box);
    boxChanged(map.box);
  });
  $("numbers").addEventListener("input", () => {
    const box = readFields();
    if (!fault(box)) map.set(box);
    boxChanged(box);
  });
  $("numbers").addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll("[data-size]")) {
    button.addEventListener("click", () => {
      const [west, south, east, north] = map.box;
      const box = square((west + east) / 2, (south + north) / 2, Number(button.dataset.size));
      writeFields(box);
      map.goTo(box);
      boxChanged(box);
    });
  }
  $("draw").addEventListener("click", () => setTool(true));
  $("move").addEventListener("click", () => setTool(false));
  $("zoom-in").addEventListener("click", () => map.zoom(1));
  $("zoom-out").addEventListener("click", () => map.zoom(-1));
  $("start").addEventListener("click", begin);
  $("cancel").addEventListener("click", cancel);
  $("language").addEventListener("change", () => speakIn($("language").value));
  $("collection").addEventListener("change", () => {
    city = collections.find(({ id }) => id === $("collection").value);
    openCity();
  });
}

for (const { id, title } of collections) $("collection").append(new Option(title, id, false, id === city.id));
$("collection-row").hidden = collections.length < 2;
$("language").value = language;
write(language);
listen();
openCity(boxOfAddress());
// A page that is loaded again finds its job again.
const kept = sessionStorage.getItem("kortteli-job");
if (kept) status(kept).then(watch, () => sessionStorage.removeItem("kortteli-job"));
document.body.dataset.state = "ready";
