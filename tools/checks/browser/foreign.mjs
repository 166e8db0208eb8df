// Other people's viewers load our tiles and know what they show.
//
// Where a building stands and what it is called comes from places.json, which places.py wrote straight from the CityGML
// file; the tiles are asked by a foreign reader. At three places the viewer looks straight down, and what it finds under
// the pixel must be that building with that height: once with everything loaded, once with a tolerance so large that a
// stand-in is drawn instead.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { here, made } from "./harness.mjs";
import { middle, readPng, richness } from "./picture.mjs";
import { standInTolerance } from "./tolerance.mjs";

const PLACES = JSON.parse(readFileSync(join(here, "places.json"), "utf8")).slice(0, 3);
const ABOVE = 350;

/** Runs the check of one foreign viewer, whose page offers `window.check`. */
export async function checkForeignViewer({ report, base, pages, open }, pageName) {
  const tileset = `${base}/collections/helsinki/3dtiles/tileset.json`;
  const page = await open();
  await page.goto(`${pages}/pages/${pageName}.html`);
  await page.waitForFunction(() => window.check);
  console.log(`# ${pageName} ${await page.evaluate(() => window.check.version)}`);

  const load = (tolerance) => page.evaluate(([url, pixels]) => window.check.load(url, pixels), [tileset, tolerance]);
  report.equal("reads the tileset as 3D Tiles 1.1", (await load(0.5)).version, "1.1");
  for (const place of PLACES) await checkLeaf(report, page, place, pageName);
  const credits = await page.evaluate(() => window.check.credits());
  if (credits !== null) report.check("credits the sources", credits.includes("OpenStreetMap contributors"), credits);
  for (const place of PLACES) {
    await load(await standInTolerance(tileset, place, ABOVE));
    await checkStandIn(report, page, place);
  }

  report.equal("no tile failed", await page.evaluate(() => window.check.failures), []);
  report.equal("no error on the console", page.trouble.errors, []);
  report.equal("asks no other host", page.trouble.foreign, []);
  report.equal("no request was refused", page.trouble.failed, []);
}

async function look(page, place) {
  await page.evaluate(([at, above]) => window.check.lookDownAt(at, above), [place, ABOVE]);
  return page.evaluate((at) => window.check.pick(at), place);
}

async function checkLeaf(report, page, place, pageName) {
  const found = await look(page, place);
  const { properties } = found;
  if (!report.check(`${place.name}: something is picked at the leaves`, properties, JSON.stringify(found))) return;
  report.equal(`${place.name}: the leaf has no children`, found.tile.children, 0);
  report.equal(`${place.name}: gml:id at the leaf`, properties.id, place.building);
  report.equal(`${place.name}: name at the leaf`, properties.name, place.name);
  report.equal(`${place.name}: height at the leaf`, properties.height, place.measuredHeight);
  const png = await page.screenshot({ path: made(`${pageName}-${place.building}.png`) });
  const { colours, spread } = richness(middle(readPng(png)));
  report.check(`${place.name}: the picture shows something`, colours > 20 && spread > 5, `${colours} colours`);
}

async function checkStandIn(report, page, place) {
  const found = await look(page, place);
  const { properties } = found;
  if (!report.check(`${place.name}: something is picked from afar`, properties, JSON.stringify(found))) return;
  report.check(`${place.name}: a stand-in was picked`, found.tile.children > 0 && found.tile.geometricError > 0, JSON.stringify(found.tile));
  report.equal(`${place.name}: gml:id at the stand-in`, properties.id, place.building);
  report.equal(`${place.name}: name at the stand-in`, properties.name, place.name);
  report.equal(`${place.name}: height at the stand-in`, properties.height, place.measuredHeight);
}

