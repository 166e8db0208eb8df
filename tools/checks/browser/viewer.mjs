// The web viewer over WebGL 2, as a person uses it: sees the city, clicks the cathedral, reads its name, speaks Finnish,
// walks by keyboard, loses the graphics card and gets it back.
//
//   node viewer.mjs <store> [--bless]

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { here, run } from "./harness.mjs";
import { compare, readPng } from "./picture.mjs";
import { SQUARE, above, checkPicture, goTo, openViewer, picture, settled } from "./viewing.mjs";

const PLACES = JSON.parse(readFileSync(join(here, "places.json"), "utf8"));
const CATHEDRAL = PLACES.find(({ building }) => building === "osm_w419479428");
const SIZE = { width: 640, height: 360 };
const MIDDLE = [SIZE.width / 2, SIZE.height / 2];

await run("viewer", {}, async ({ report, base, open }) => {
  const page = await open({ ...SIZE, timezoneId: "Europe/Helsinki" });
  await seesTheCity(report, page, base);
  await readsTheCathedral(report, page);
  await switchesLayersAndLight(report, page);
  await speaksThreeLanguages(report, page);
  await walksByKeyboard(report, page);
  await losesTheGraphicsCard(report, page);
  report.equal("no error on the console", page.trouble.errors, []);
  report.equal("asks no other host", page.trouble.foreign, []);
  report.equal("no request was refused", page.trouble.failed, []);
  await page.context().close();
  await fitsSmallScreens(report, open, base);
  await saysWhatIsWrong(report, open, base);
});

async function seesTheCity(report, page, base) {
  await openViewer(page, base);
  report.equal("falls back to WebGL 2", await page.evaluate(() => window.kortteli.backend()), "webgl2");
  checkPicture(report, await picture(page, "viewer-home.png"), "viewer-home.png");
  await goTo(page, SQUARE);
  checkPicture(report, await picture(page, "viewer-square.png"), "viewer-square.png");
  report.equal("the loading state ends", await page.evaluate(() => document.body.dataset.state), "ready");
  const credits = await page.textContent("#credits");
  report.check("the credits are shown", credits.includes("OpenStreetMap contributors") && await page.isVisible("#credits"), credits);
  report.equal("the title is the collection's", await page.textContent("h1"), await page.evaluate(() => window.kortteli.snapshot().title));
  const hash = await page.evaluate(() => location.hash);
  report.check("the address keeps the view", /^#-?[\d.]+(,-?[\d.]+){4}$/.test(hash), hash);
}

async function readsTheCathedral(report, page) {
  await goTo(page, above(CATHEDRAL, 250));
  report.check("nothing is selected before a click", await page.isHidden("#feature"));
  await page.mouse.click(...MIDDLE);
  await page.waitForSelector("#feature:not([hidden])");
  await page.waitForFunction(() => window.kortteli.snapshot().selected?.details === "here");
  const named = async (language) => {
    await page.selectOption("#language", language);
    // The panel follows in the next frame.
    await page.waitForFunction((code) => {
      const { language, selected } = window.kortteli.snapshot();
      return language === code && document.getElementById("feature-name").textContent === selected.title;
    }, language);
    return page.textContent("#feature-name");
  };
  for (const language of ["fi", "sv", "en"]) {
    report.equal(`a click on the cathedral names it (${language})`, await named(language), CATHEDRAL.names[language]);
  }
  const values = await page.$$eval("#feature-attributes dd", (cells) => cells.map((cell) => cell.textContent));
  report.check("its attributes come from the server", values.includes(CATHEDRAL.architect), values.join(" | "));
  const link = await page.getAttribute("#feature-link", "href");
  const item = await page.evaluate(async (url) => (await fetch(url)).json(), link);
  report.equal("the link leads to the feature's data", item.id, CATHEDRAL.building);
  await page.click("#feature-close");
  await page.waitForSelector("#feature", { state: "hidden", timeout: 20_000 });
  report.check("the panel closes", true);
}

async function switchesLayersAndLight(report, page) {
  await settled(page);
  const before = readPng(await picture(page, "viewer-layers-on.png"));
  await page.click("#controls-title");
  const names = await page.$$eval("#layers input", (boxes) => boxes.map(({ value }) => value));
  report.check("layers are listed", names.includes("buildings") && names.includes("water"), names.join(" "));
  await page.uncheck('#layers input[value="buildings"]');
  await settled(page);
  const without = readPng(await picture(page, "viewer-layers-off.png"));
  report.check("a layer that is off is not drawn", compare(before, without).mean > 3, `mean ${compare(before, without).mean.toFixed(1)}`);
  await page.check('#layers input[value="buildings"]');
  await settled(page);
  await page.locator("#time").fill("480");
  await settled(page);
  const morning = readPng(await picture(page, "viewer-morning.png"));
  report.check("the light follows the time of day", compare(before, morning).mean > 1, `mean ${compare(before, morning).mean.toFixed(1)}`);
  report.check("the time is told", (await page.textContent("#time-text")).startsWith("08:00"), await page.textContent("#time-text"));
}

async function speaksThreeLanguages(report, page) {
  for (const [code, layers, buildings] of [["fi", "Tasot", "Rakennukset"], ["sv", "Lager", "Byggnader"], ["en", "Layers", "Buildings"]]) {
    await page.selectOption("#language", code);
    await page.waitForFunction((word) => document.querySelector('#layers input[value="buildings"]').closest("label").textContent.includes(word), buildings);
    report.equal(`${code}: the legend`, await page.textContent(".controls legend"), layers);
    report.equal(`${code}: the page's language`, await page.getAttribute("html", "lang"), code);
    const missing = await page.$$eval("[data-text], [data-label]", (elements) => elements
      .filter((element) => [element.dataset.text && element.textContent, element.dataset.label && element.getAttribute("aria-label")]
        .some((words) => words !== undefined && (words === "" || words === element.dataset.text || words === element.dataset.label)))
      .map((element) => element.dataset.text ?? element.dataset.label));
    report.equal(`${code}: no text is missing`, missing, []);
  }
  await page.click("#controls-title");
}

async function walksByKeyboard(report, page) {
  await goTo(page, above(CATHEDRAL, 250));
  const unnamed = await page.$$eval("button, input, select, a, canvas", (elements) => elements
    .filter((element) => element.checkVisibility() && !(element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.length))
    .map((element) => element.outerHTML));
  report.equal("every control has a name", unnamed, []);
  await page.focus("#city");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#feature:not([hidden])");
  report.equal("Enter selects what is in the middle", await page.evaluate(() => document.getElementById("feature").dataset.id), CATHEDRAL.building);
  report.equal("the focus goes to the panel", await page.evaluate(() => document.activeElement.id), "feature");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#feature", { state: "hidden", timeout: 20_000 });
  report.check("Escape closes the panel", true);
  report.equal("the focus comes back to the city", await page.evaluate(() => document.activeElement.id), "city");
  const camera = () => page.evaluate(() => window.kortteli.snapshot().camera);
  const before = await camera();
  await page.keyboard.press("ArrowUp");
  await settled(page);
  const after = await camera();
  report.check("an arrow key moves the view north", after.lat > before.lat, `${before.lat} to ${after.lat}`);
  await page.click('[data-step="zoomIn"]');
  await settled(page);
  report.check("a button zooms in", (await camera()).distance < after.distance);
  await page.click("#home");
  await settled(page);
  report.check("home leads home", Math.abs((await camera()).pitch) < 85);
}

async function losesTheGraphicsCard(report, page) {
  await goTo(page, above(CATHEDRAL, 400));
  await page.evaluate(() => document.getElementById("city").getContext("webgl2").getExtension("WEBGL_lose_context").loseContext());
  await page.waitForSelector("#failure:not([hidden])");
  report.equal("a lost graphics card is told", await page.textContent("#failure-text"), "The connection to the graphics processor was lost. The view is kept.");
  await page.click("#failure-again");
  await settled(page);
  const { lat, lon } = await page.evaluate(() => window.kortteli.snapshot().camera);
  const there = Math.hypot(lat - CATHEDRAL.latitude, lon - CATHEDRAL.longitude) < 1e-5;
  report.check("starting again leads back to the view", there, `${lon}, ${lat}`);
  // The browser itself says so on the console.
  page.trouble.errors = page.trouble.errors.filter((line) => !/context.*lost|CONTEXT_LOST/i.test(line));
}

async function fitsSmallScreens(report, open, base) {
  const page = await open({ width: 320, height: 568, hasTouch: true, isMobile: true, deviceScaleFactor: 1 });
  await openViewer(page, base, { view: above(CATHEDRAL, 250) });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  report.check("320 pixels are wide enough", width <= 320, `${width}`);
  await page.touchscreen.tap(160, 284);
  await page.waitForSelector("#feature:not([hidden])");
  report.equal("a tap selects", await page.evaluate(() => document.getElementById("feature").dataset.id), CATHEDRAL.building);
  const [panel, credits] = await Promise.all(["#feature", "#credits"].map((id) => page.locator(id).boundingBox()));
  const inside = (box) => box && box.x >= 0 && box.x + box.width <= 320 && box.y + box.height <= 568;
  report.check("panel and credits lie on the screen", inside(panel) && inside(credits), JSON.stringify({ panel, credits }));
  await page.context().close();
}

async function saysWhatIsWrong(report, open, base) {
  const told = async (prepare, query, expected) => {
    const page = await open(SIZE);
    await prepare(page);
    await page.goto(`${base}/viewer/?lang=en${query}`);
    await page.waitForSelector("#failure:not([hidden])");
    report.equal(`says: ${expected}`, await page.textContent("#failure-text"), expected);
    return page;
  };
  const blind = await told((page) => page.addInitScript(() => {
    HTMLCanvasElement.prototype.getContext = () => null;
    Object.defineProperty(navigator, "gpu", { value: undefined });
  }), "", "This device or browser cannot show 3D graphics (WebGPU or WebGL 2).");
  await blind.context().close();
  const nowhere = await told(async () => {}, "&collection=atlantis", "There is no city model at this address.");
  await nowhere.context().close();
  const cut = await told((page) => page.route("**/collections", (route) => route.abort()), "", "The server cannot be reached. Trying again.");
  await cut.unroute("**/collections");
  await settled(cut);
  report.check("when the server is back, the city comes by itself", await cut.isHidden("#failure"));
  await cut.context().close();
}
