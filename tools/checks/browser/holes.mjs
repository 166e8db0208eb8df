// No picture has a hole, in viewers that are not ours: tiles and tilesets come late and out of order while the camera flies
// in, out, along, and is suddenly elsewhere. The city is carpet.mjs's, in tilesets of at most four tiles.

import { writeFileSync } from "node:fs";
import { made, program, run } from "./harness.mjs";
import { makeCarpet } from "./carpet.mjs";

const VIEWERS = ["cesium", "three"];
/** Error in pixels that is refined: small, so that the few houses make several levels. */
const TOLERANCE = 0.5;
/** Answers take up to so many milliseconds: by their address, so that each run is alike. */
const SLOWEST = 300;

const store = makeCarpet(made("carpet"), program());
await run("holes", { store }, async ({ report, base, pages, open }) => {
  const tileset = `${base}/collections/carpet/3dtiles/tileset.json`;
  const city = await readCity(tileset);
  report.check("the city has external tilesets below those of its layers", city.tilesets > 12, `${city.tilesets} tilesets, ${city.parents.size} tiles`);
  const square = outline(city);
  for (const name of VIEWERS) {
    const whole = await flight({ open, pages, name, tileset, square, poses: poses(city) });
    judge(report, name, whole, city);
    // A check that cannot fail is none.
    const poor = await flight({ open, pages, name, tileset, square, poses: poses(city).slice(0, 90), spoil: (json) => torn(json, city) });
    const [, holes] = wholeAndTorn(poor.frames);
    report.check(`${name}: a tileset with gaps in its tree has holes`, holes.length > 3, `in ${holes.length} pictures`);
  }
});

function judge(report, name, { frames, trouble, requests }, city) {
  const [after, holes] = wholeAndTorn(frames);
  report.check(`${name}: the city appears and stays in view`, after.length > frames.length / 2, `${after.length} of ${frames.length} pictures`);
  if (holes.length > 0) writeFileSync(made(`${name}-hole.png`), Buffer.from(holes[0].picture.split(",")[1], "base64"));
  const where = holes.map((frame) => `${frames.indexOf(frame)} (${frame.holes} of ${frame.inside} points)`);
  report.check(`${name}: no picture after the first whole one has a hole`, holes.length === 0, holes.length ? `pictures ${where.join(", ")}` : `${after.length} pictures`);
  const twice = after.filter((frame) => frame.drawn.some((tile) => above(city, tile).some((other) => frame.drawn.includes(other))));
  report.check(`${name}: no tile is drawn together with what stands for it`, twice.length === 0, `in ${twice.length} of ${after.length} pictures`);
  const kinds = new Set(after.flatMap((frame) => frame.drawn.map((tile) => above(city, tile).length)));
  report.check(`${name}: several levels were drawn`, kinds.size >= 3, `${kinds.size} levels`);
  report.check(`${name}: answers were out of order`, requests.late > 10, `${requests.late} of ${requests.all} overtaken`);
  report.equal(`${name}: no error on the console`, trouble.errors, []);
}

/** The pictures from the first whole one on, and those of them that have holes. */
function wholeAndTorn(frames) {
  const seen = frames.filter((frame) => frame.inside > 0);
  const first = seen.findIndex((frame) => frame.holes === 0);
  const after = first < 0 ? [] : seen.slice(first);
  return [after, after.filter((frame) => frame.holes > 0)];
}

/** The tiles above one, by name. */
function above({ parents }, tile) {
  const way = [];
  for (let next = parents.get(tile); next; next = parents.get(next)) way.push(next);
  return way;
}

async function flight({ open, pages, name, tileset, square, poses: way, spoil }) {
  const page = await open({ width: 320, height: 180 });
  const requests = { all: 0, late: 0, begun: [], ended: new Set() };
  await page.route("**/3dtiles/**", (route) => answer(route, requests, spoil));
  await page.goto(`${pages}/pages/${name}.html`);
  await page.waitForFunction(() => window.check);
  await page.evaluate(([url, tolerance]) => window.check.load(url, tolerance), [tileset, TOLERANCE]);
  const frames = await page.evaluate(([to, outlined]) => window.check.fly(to, outlined), [way, square]);
  await page.context().close();
  return { frames, requests, trouble: page.trouble };
}

/** Answers later, by a number that looks random and is the same for the same address. */
async function answer(route, requests, spoil) {
  const url = route.request().url();
  const number = requests.all;
  requests.all += 1;
  let hash = 7;
  for (const letter of new URL(url).pathname) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  await new Promise((resolve) => setTimeout(resolve, hash % SLOWEST));
  for (let before = 0; before < number; before += 1) {
    if (!requests.ended.has(before)) { requests.late += 1; break; }
  }
  requests.ended.add(number);
  try {
    if (!spoil || !/\/files\/buildings\..*json$/.test(url)) return await route.continue();
    const response = await route.fetch();
    return await route.fulfill({ response, json: spoil(await response.json()) });
  } catch {
    // The page is gone, or has broken the request off.
    return undefined;
  }
}

/**
 * A tileset that must have holes: the levels between the coarsest and the finest have no meshes, which tears 3d-tiles-renderer's
 * pictures; and below each tile comes an empty one, whose children CesiumJS does not wait for.
 */
function torn(tileset, { parents }) {
  const tear = (tile) => {
    const { boundingVolume, geometricError, children = [] } = tile;
    children.forEach(tear);
    if (children.length === 0) return;
    if (parents.get(tile.content?.uri)) delete tile.content;
    tile.children = [{ boundingVolume, geometricError, children }];
  };
  tear(tileset.root);
  return tileset;
}

/** The place of the city, and which tile stands for which. */
async function readCity(url) {
  const city = { parents: new Map(), tilesets: 0 };
  const walk = async (tile, base, parent) => {
    let next = parent;
    if (tile.content?.uri.endsWith(".json")) {
      const below = new URL(tile.content.uri, base).href;
      city.tilesets += 1;
      await walk((await (await fetch(below)).json()).root, below, parent);
    } else if (tile.content) {
      next = tile.content.uri.split("/").at(-1);
      city.parents.set(next, parent);
    }
    for (const child of tile.children ?? []) await walk(child, base, next);
  };
  const { root } = await (await fetch(url)).json();
  city.transform = root.transform;
  city.box = root.children[0].boundingVolume.box;
  await walk(root, url, undefined);
  return city;
}

/** From east, north and height about the middle of the city's ground to earth-fixed. */
function place({ transform: m, box }, [east, north, height]) {
  const [x, y, z] = [box[0] + east, box[1] + north, box[2] - box[11] + height];
  return [0, 1, 2].map((row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row]);
}

function outline(city) {
  const [halfEast, halfNorth] = [city.box[3], city.box[7]];
  const corner = place(city, [-halfEast, -halfNorth, 0]);
  const side = (to) => place(city, to).map((value, axis) => value - corner[axis]);
  return { corner, u: side([halfEast, -halfNorth, 0]), v: side([-halfEast, halfNorth, 0]) };
}

/** In, along, elsewhere at once, out at once, in again, and low over the roofs. */
function poses(city) {
  const eyes = [];
  const add = (count, from, to, ahead = 0) => {
    for (let step = 0; step < count; step += 1) {
      const part = count > 1 ? step / (count - 1) : 1;
      eyes.push([from.map((value, axis) => (axis === 2 ? value * (to[2] / value) ** part : value + (to[axis] - value) * part)), ahead]);
    }
  };
  add(25, [0, 0, 2500], [0, 0, 2500]);
  add(25, [0, 0, 2500], [-100, -100, 700]);
  add(15, [-100, -100, 700], [-100, -100, 700]);
  add(25, [-100, -100, 700], [-250, -250, 60]);
  add(25, [-250, -250, 60], [200, -250, 60]);
  add(20, [300, 300, 80], [300, 300, 80]);
  add(5, [300, 300, 80], [0, 0, 2500]);
  add(10, [0, 0, 2500], [0, 0, 2500]);
  add(15, [-350, 350, 50], [-350, 350, 50]);
  add(40, [-350, 350, 120], [350, -350, 60], 200);
  return eyes.map(([eye, ahead]) => ({
    eye: place(city, eye),
    // Not quite straight down, and a little turned, so that edges cross the pixels.
    target: place(city, [eye[0] + 0.13 + ahead, eye[1] + 0.21 - ahead, 0]),
    up: place(city, [0, 1, 0]).map((value, axis) => value - place(city, [0, 0, 0])[axis]),
  }));
}
