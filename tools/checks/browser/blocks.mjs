// The page on which people order block worlds: by keyboard alone from the first look to a zip that prismarine reads, then
// what a mouse does, three languages, a small screen, a job that is given up, and what is said when something is wrong.
//
//   node blocks.mjs <store>

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { here, made, program, run } from "./harness.mjs";
import { readPng } from "./picture.mjs";

const SIZE = { width: 900, height: 1000 };
const SIDES = ["west", "south", "east", "north"];
const store = process.argv.slice(2).find((argument) => !argument.startsWith("--"));

await run("blocks", {}, async ({ report, base, open }) => {
  const page = await open({ ...SIZE, acceptDownloads: true });
  await page.goto(`${base}/blocks?lang=en`);
  await page.waitForSelector("body[data-state=ready]");
  await seesTheMap(report, page);
  await ordersByKeyboard(report, page, base);
  report.equal("no error on the console", page.trouble.errors, []);
  report.equal("asks no other host", page.trouble.foreign, []);
  report.equal("no request was refused", page.trouble.failed, []);
  await page.context().close();
  await drawsWithTheMouse(report, open, base);
  await speaksThreeLanguages(report, open, base);
  await fitsSmallScreens(report, open, base);
  await givesUp(report, open, base);
});

function box(page) {
  return page.evaluate((sides) => sides.map((side) => document.getElementById(side).valueAsNumber), SIDES);
}

function focused(page) {
  return page.evaluate(() => document.activeElement.id);
}

/** Presses Tab until an element has the focus, as somebody without a mouse does. */
async function tabTo(page, id) {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await focused(page) === id) return true;
    await page.keyboard.press("Tab");
  }
  return false;
}

async function seesTheMap(report, page) {
  await page.waitForFunction(() => [...document.querySelectorAll("#tiles img")].every((picture) => picture.complete && picture.naturalWidth === 512));
  const shown = await page.$$eval("#tiles img", (pictures) => pictures.length);
  report.check("the map's pictures come", shown >= 4, `${shown}`);
  const picture = readPng(await page.locator("#map").screenshot({ path: made("blocks-map.png") }));
  const colours = new Set();
  for (let at = 0; at < picture.data.length; at += 4) colours.add(picture.data.readUInt32BE(at));
  report.check("houses, water and streets are on it", colours.size > 50, `${colours.size} colours`);
}

async function ordersByKeyboard(report, page, base) {
  const before = await box(page);
  report.check("the map can be reached by keyboard", await tabTo(page, "map"));
  for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"]) await page.keyboard.press(key);
  const moved = await box(page);
  const metre = [0.5 / 27_800, 0.5 / 55_600];
  const by = moved.map((side, at) => Math.round((side - before[at]) / metre[at % 2] / 16));
  report.equal("arrow keys move the box by chunks, with Shift two sides of it", by, [2, 1, 1, 0]);
  report.check("the fields can be reached", await tabTo(page, "west"));
  for (const [side, degrees] of [["west", "24.9455"], ["south", "60.1686"], ["east", "24.9490"], ["north", "60.1702"]]) {
    report.check(`${side} is the next field`, await focused(page) === side);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type(degrees);
    await page.keyboard.press("Tab");
  }
  await page.waitForFunction(() => /blocks/.test(document.getElementById("estimate").textContent));
  const estimate = await page.textContent("#estimate");
  report.check("what it takes is said before", /^19\d × 178 m: about [\d,]+ blocks, [\d.]+ MB, about \d+ s\.$/.test(estimate), estimate);
  report.check("the start can be reached", await tabTo(page, "start"));
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  report.equal("the focus is seen", outline, "solid");
  await page.screenshot({ path: made("blocks-page.png"), fullPage: true });
  await page.keyboard.press("Enter");
  await page.waitForSelector("#download:not([hidden])");
  await page.waitForFunction(() => document.activeElement.id === "download");
  report.check("the download gets the focus when it is there", true);
  const spoken = await page.textContent("#spoken");
  report.check("the end is spoken", /^Done/.test(spoken), spoken);
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  const file = made("blocks-page.zip");
  await download.saveAs(file);
  report.check("the download has a name that tells", /^kortteli-helsinki-24\.9455-60\.1686\.zip$/.test(download.suggestedFilename()), download.suggestedFilename());
  await page.screenshot({ path: made("blocks-done.png"), fullPage: true });
  await readsTheWorld(report, file);
  await findsItAgain(report, page, base);
}

/** The world from the page must be that of the command line, and prismarine must read it. */
async function readsTheWorld(report, file) {
  const [own, grid] = [made("blocks-own.zip"), made("blocks-grid.bin")];
  const call = promisify(execFile);
  await call(program(), ["blocks", store, "--bbox", "24.9455,60.1686,24.949,60.1702", "-o", own, "--dump-grid", grid]);
  report.check("it is the world that the command line makes", readFileSync(file).equals(readFileSync(own)));
  const judged = await call("node", [join(here, "../blocks/check_world.mjs"), file, grid]).catch((error) => error);
  report.check("prismarine reads it", !(judged instanceof Error), `${judged.stdout ?? judged}`.trim().split("\n").pop());
}

async function findsItAgain(report, page, base) {
  await page.goto(`${base}/blocks?lang=en&again`);
  await page.waitForSelector("#download:not([hidden])");
  report.check("a page that is loaded again finds its world", /^jobs\/[0-9a-f]{32}\/results\/world\.zip$/.test(await page.getAttribute("#download", "href")));
}

async function drawsWithTheMouse(report, open, base) {
  const page = await open(SIZE);
  await page.goto(`${base}/blocks?lang=en&bbox=24.944,60.168,24.95,60.171`);
  await page.waitForSelector("body[data-state=ready]");
  report.equal("the address gives the box", await box(page), [24.944, 60.168, 24.95, 60.171]);
  const { x, y, width, height } = await page.locator("#map").boundingBox();
  const drag = async () => {
    await page.mouse.move(x + width * 0.4, y + height * 0.4);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.6, y + height * 0.6, { steps: 4 });
    await page.mouse.up();
  };
  await drag();
  const drawn = await box(page);
  const frame = await page.locator("#box").boundingBox();
  const near = (a, b) => Math.abs(a - b) < 4;
  const there = near(frame.x, x + width * 0.4) && near(frame.y, y + height * 0.4) && near(frame.width, width * 0.2) && near(frame.height, height * 0.2);
  report.check("a mouse draws a box, and the fields follow", there && drawn[0] < drawn[2] && drawn[1] < drawn[3] && drawn[0] !== 24.944, drawn.join(" "));
  await page.click("#move");
  const before = await page.locator("#box").boundingBox();
  await drag();
  const after = await page.locator("#box").boundingBox();
  report.check("the map is moved and the box goes with it", after.x > before.x + 50 && (await box(page)).join() === drawn.join());
  await page.click('[data-size="500"]');
  const [west, , east] = await box(page);
  report.equal("a button makes a square", Math.round((east - west) * 55_400 / 10), 50);
  await page.goto("about:blank");
  await page.goto(`${base}/blocks?lang=en#24.9525,60.16,517.6,0,-26.565`);
  await page.waitForSelector("body[data-state=ready]");
  const [w, s, e, n] = await box(page);
  const seen = Math.abs((w + e) / 2 - 24.9525) < 1e-4 && Math.abs((s + n) / 2 - 60.169) < 3e-4;
  report.check("a view of the viewer is the box that it looks at", seen, [w, s, e, n].join(" "));
  report.equal("no error on the console", page.trouble.errors, []);
  await page.context().close();
}

async function speaksThreeLanguages(report, open, base) {
  const page = await open({ ...SIZE, locale: "sv-FI" });
  await page.goto(`${base}/blocks`);
  await page.waitForSelector("body[data-state=ready]");
  report.equal("the browser's language is spoken", await page.getAttribute("html", "lang"), "sv");
  for (const [code, title] of [["fi", "Vie palikkamaailma kotiin"], ["sv", "Ta hem en blockvärld"], ["en", "Take home a block world"]]) {
    await page.selectOption("#language", code);
    report.equal(`${code}: the title`, [await page.textContent("h1"), await page.title(), await page.getAttribute("html", "lang")], [title, title, code]);
    const missing = await page.$$eval("[data-text], [data-label]", (elements) => elements
      .filter((element) => [element.dataset.text && element.textContent, element.dataset.label && element.getAttribute("aria-label")]
        .some((words) => words === "" || words === "undefined"))
      .map((element) => element.outerHTML));
    report.equal(`${code}: no text is missing`, missing, []);
  }
  const unnamed = await page.$$eval("button, input, select, a, [tabindex='0']", (elements) => elements
    .filter((element) => element.checkVisibility() && !(element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.length))
    .map((element) => element.outerHTML));
  report.equal("every control has a name", unnamed, []);
  await page.context().close();
}

async function fitsSmallScreens(report, open, base) {
  const page = await open({ width: 320, height: 568, hasTouch: true, isMobile: true });
  await page.goto(`${base}/blocks?lang=fi`);
  await page.waitForSelector("body[data-state=ready]");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  report.check("320 pixels are wide enough", width <= 320, `${width}`);
  await page.screenshot({ path: made("blocks-small.png"), fullPage: true });
  await page.context().close();
}

async function givesUp(report, open, base) {
  const page = await open(SIZE);
  await page.goto(`${base}/blocks?lang=en&bbox=24.936,60.165,24.952,60.178`);
  await page.waitForSelector("body[data-state=ready]");
  await page.click("#start");
  await page.waitForSelector("#cancel:not([hidden])");
  await page.click("#cancel");
  await page.waitForFunction(() => document.getElementById("message").textContent === "Cancelled.");
  report.check("a job is given up, and that is said", await page.isHidden("#download"));
  const wrong = async (side, value, expected) => {
    await page.fill(`#${side}`, value);
    const told = await page.textContent("#wrong");
    report.check(`says: ${expected}`, told.includes(expected) && await page.isDisabled("#start"), told);
  };
  await wrong("east", "24.90", "East must lie east of west");
  await wrong("east", "25.90", "at most 4 km²");
  await page.fill("#west", "25.89");
  await wrong("east", "25.90", "outside the city");
  await page.context().close();
}
