// Hiding and colouring by attribute when the whole city is seen: only its coarsest tiles are drawn, and still each building's
// place knows what it is. CesiumJS by its own style language, 3d-tiles-renderer by the metadata of each vertex.

import { run } from "./harness.mjs";
import { readRows } from "./table.mjs";

const VIEWERS = ["cesium", "three"];
/** So many pixels of error that the tiles below the layers' roots are not asked for, and few enough that the roots are. */
const TOLERANCE = 60;
const KIND = "Building";

await run("styles", {}, async ({ report, base, pages, open }) => {
  const url = `${base}/collections/helsinki/3dtiles/tileset.json`;
  const tileset = await (await fetch(url)).json();
  const roots = await coarsest(tileset, url);
  const expected = (await Promise.all(roots.map((name) => readRows(new URL(`files/${name}`, url).href)))).flat();
  const buildings = expected.filter((row) => row.kind === KIND);
  const known = tileset.asset.extras.kortteli.layers.find((layer) => layer.name === "buildings").count;
  report.equal("the rows of the coarsest tile stand for every building", sum(buildings.map((row) => row.merged)), known);
  for (const name of VIEWERS) {
    const page = await open();
    await page.goto(`${pages}/pages/${name}.html`);
    await page.waitForFunction(() => window.check);
    await page.evaluate(([address, tolerance]) => window.check.load(address, tolerance), [url, TOLERANCE]);
    const drawn = await page.evaluate((pose) => window.check.see(pose), fromAbove(tileset));
    report.equal(`${name}: the coarsest tiles are drawn and no others`, [...drawn].sort(), [...roots].sort());
    const rows = (await page.evaluate(() => window.check.rows())).filter((row) => row.kind === KIND);
    for (const property of ["function", "class", "height", "year", "merged"]) {
      report.equal(`${name}: features by ${property}`, digest(rows, property), digest(buildings, property));
    }
    const frequent = mostFrequent(buildings.map((row) => row.function));
    await checkStyle(report, page, name, ["height", ">", median(buildings.map((row) => row.height))]);
    await checkStyle(report, page, name, ["function", "===", frequent]);
    report.equal(`${name}: no tile failed`, await page.evaluate(() => window.check.failures), []);
    report.equal(`${name}: no error on the console`, page.trouble.errors, []);
    await page.context().close();
  }
});

/** Red where the condition holds, blue where not; then only red is left; and what is picked there says so too. */
async function checkStyle(report, page, name, condition) {
  const what = `${name}: ${condition.join(" ")}`;
  const paint = (hide) => page.evaluate((given) => window.check.paint(...given), [KIND, condition, hide]);
  const both = await paint(false);
  const { red, blue, other } = both;
  const figures = `${red} red, ${blue} blue, ${other} other pixels`;
  report.check(`${what}: buildings take the colours, and nothing else is drawn`, red > 200 && blue > 200 && other * 20 < red + blue, figures);
  const picked = { red: await pickAll(page, both.points.red), blue: await pickAll(page, both.points.blue) };
  const wrong = [...picked.red.filter((row) => !holds(row, condition)), ...picked.blue.filter((row) => holds(row, condition))];
  const counts = `${picked.red.length} red and ${picked.blue.length} blue places`;
  report.check(`${what}: a place has the colour of its feature`, wrong.length === 0 && picked.red.length > 3 && picked.blue.length > 3, counts);
  const left = await paint(true);
  report.check(`${what}: the others vanish`, left.blue === 0 && left.red >= red && left.black > both.black, `${left.red} red, ${left.blue} blue pixels`);
}

async function pickAll(page, points) {
  const found = [];
  for (const point of points.slice(0, 20)) found.push(await page.evaluate((pixel) => window.check.pickPixel(pixel), point));
  return found.map(({ properties }) => properties);
}

function holds(row, [property, operator, value]) {
  return operator === ">" ? row?.[property] > value : row?.[property] === value;
}

/** How many rows have which value, in a form that can be compared. What is absent, CesiumJS leaves out; 3d-tiles-renderer says 0 of numbers. */
function digest(rows, property) {
  const counts = new Map();
  for (const row of rows) {
    const value = String(row[property] || "");
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort();
}

function sum(numbers) {
  return numbers.reduce((all, number) => all + number, 0);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function mostFrequent(texts) {
  const count = (text) => texts.filter((other) => other === text).length;
  return texts.filter(Boolean).reduce((best, text) => (count(text) > count(best) ? text : best));
}

/** The file names of the layers' root meshes. */
async function coarsest(tileset, url) {
  const layers = await Promise.all(tileset.root.children.map(async ({ content }) => (await fetch(new URL(content.uri, url))).json()));
  return layers.map(({ root }) => root.content.uri);
}

/** From so high above the middle of the buildings that all of them are seen. */
function fromAbove({ root }) {
  const { box } = root.children.find(({ content }) => content.uri.includes("buildings")).boundingVolume;
  const m = root.transform;
  const place = ([x, y, z]) => [0, 1, 2].map((row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row]);
  const height = Math.max(box[3], box[7]) * 3;
  const target = place([box[0], box[1], box[2]]);
  const up = place([box[0], box[1] + 1, box[2]]).map((value, axis) => value - target[axis]);
  return { eye: place([box[0] + 0.1, box[1], box[2] + height]), target, up };
}
