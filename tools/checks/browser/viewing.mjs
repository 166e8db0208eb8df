// Steps that the checks of our own viewer share.

import { existsSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { here, made } from "./harness.mjs";
import { ALIKE, compare, readPng, richness } from "./picture.mjs";

/** From the south over the Senate Square towards the cathedral. */
export const SQUARE = [24.9522, 60.1672, 130, 0, -18];

/** Opens the viewer and waits until the picture is final. `query` and `view` (numbers of the hash) are optional. */
export async function openViewer(page, base, { query = {}, view } = {}) {
  const address = new URL("/viewer/", base);
  address.search = new URLSearchParams({ collection: "helsinki", lang: "en", quality: "low", ...query });
  if (view) address.hash = view.join(",");
  await page.goto(address.href);
  await settled(page);
}

/** Waits until nothing moves, loads or waits. Polled seldom: a software renderer needs the processor itself. */
export async function settled(page) {
  await page.waitForFunction(() => window.kortteli?.settled(), undefined, { timeout: 240_000, polling: 300 });
}

/** Goes to a view by the address, as a shared link does. */
export async function goTo(page, view) {
  await page.evaluate((hash) => { location.hash = hash; }, view.join(","));
  await page.waitForTimeout(100);
  await settled(page);
}

/** The view from straight above a place. */
export const above = ({ longitude, latitude, height }, metres) => [longitude, latitude, height + metres, 0, -90];

/** The city without the panels, as PNG bytes. */
export async function picture(page, name) {
  await page.evaluate((rule) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(rule);
    document.adoptedStyleSheets = [sheet];
  }, "body > *:not(main), main > *:not(canvas) { visibility: hidden !important }");
  const png = await page.screenshot({ path: made(name), timeout: 120_000 });
  await page.evaluate(() => { document.adoptedStyleSheets = []; });
  return png;
}

/** Compares a picture with the stored one of that name; `--bless` stores it instead. `file` is where it can be seen. */
export function checkPicture(report, png, name, file = made(name), limits = ALIKE) {
  const { colours, spread } = richness(readPng(png));
  report.check(`${name} is not blank`, colours > 100 && spread > 8, `${colours} colours, spread ${spread.toFixed(1)}`);
  const golden = join(here, "golden", name);
  if (process.argv.includes("--bless")) copyFileSync(file, golden);
  if (!existsSync(golden)) {
    report.check(`${name} has a stored picture`, false, `look at ${file}, then run again with --bless`);
    return;
  }
  const { mean, worst, ssim, alike } = compare(readPng(png), readPng(golden), limits);
  const figures = `mean ${mean.toFixed(2)}, worst ${worst.toFixed(2)}, ssim ${ssim.toFixed(3)}`;
  report.check(`${name} looks like the stored picture`, alike, alike ? figures : `${figures}; compare ${file} with ${golden}`);
}
