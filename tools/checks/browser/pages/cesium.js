// CesiumJS shows a tileset and tells what lies under a pixel. It never calls out: no ion token, no imagery, no terrain.
import * as Cesium from "/node_modules/cesium/Build/Cesium/index.js";

import { fly } from "./flight.js";
import { colours } from "./colours.js";

Cesium.Ion.defaultAccessToken = undefined;

const widget = new Cesium.CesiumWidget("view", {
  baseLayer: false,
  globe: false,
  skyBox: false,
  skyAtmosphere: false,
  requestRenderMode: false,
  useDefaultRenderLoop: false,
  contextOptions: { webgl: { antialias: false } },
});
const { scene, camera } = widget;
widget.resize();
// The same opening angle as in tolerance.mjs; CesiumJS measures it along the longer side.
camera.frustum.fov = 2 * Math.atan(Math.tan(Math.PI / 10) * camera.frustum.aspectRatio);
scene.backgroundColor = Cesium.Color.LIGHTSTEELBLUE;
const failures = [];
/** The contents drawn, as far as nobody has asked. */
let visible = [];
let tileset;

/** Shows the tileset, and no other. */
async function load(url, maximumScreenSpaceError) {
  if (tileset) scene.primitives.remove(tileset);
  tileset = await Cesium.Cesium3DTileset.fromUrl(url, { maximumScreenSpaceError, dynamicScreenSpaceError: false, showCreditsOnScreen: true });
  tileset.tileFailed.addEventListener(({ url: failed, message }) => failures.push(`${failed}: ${message}`));
  tileset.tileVisible.addEventListener(({ content }) => visible.push(content));
  scene.primitives.add(tileset);
  return { version: tileset.asset.version, geometricError: tileset.root.geometricError };
}

/** Looks straight down at a place and draws until every tile of the view is there. */
async function lookDownAt({ longitude, latitude, height }, above) {
  camera.setView({
    destination: Cesium.Cartesian3.fromDegrees(longitude, latitude, height + above),
    orientation: { heading: 0, pitch: -Cesium.Math.PI_OVER_TWO, roll: 0 },
  });
  await settle();
}

async function settle() {
  let still = 0;
  const end = performance.now() + 90_000;
  while (still < 3) {
    if (performance.now() > end) throw new Error("the view did not settle in 90 s");
    widget.render();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { numberOfTilesProcessing, numberOfPendingRequests } = tileset.statistics;
    still = tileset.tilesLoaded && numberOfTilesProcessing + numberOfPendingRequests === 0 ? still + 1 : 0;
  }
}

/** What lies under the pixel of a place: its properties, and the tile that it was drawn from. */
function pick({ longitude, latitude, height }) {
  const point = Cesium.Cartesian3.fromDegrees(longitude, latitude, height);
  return pickPixel(Cesium.SceneTransforms.worldToWindowCoordinates(scene, point));
}

function pickPixel(pixel) {
  const feature = scene.pick(pixel);
  if (!(feature instanceof Cesium.Cesium3DTileFeature)) return { pixel, picked: String(feature) };
  const { tile } = feature.content;
  const properties = Object.fromEntries(feature.getPropertyIds().map((id) => [id, feature.getProperty(id)]));
  return { pixel, properties, tile: describe(tile, feature.content.url) };
}

function describe(tile, url) {
  return { url, geometricError: tile.geometricError, children: tile.children.length };
}

const vector = ([x, y, z]) => new Cesium.Cartesian3(x, y, z);
const array = ({ x, y, z }) => [x, y, z];

/** For a flight: see flight.js. */
const pilot = {
  canvas: scene.canvas,
  place({ eye, target, up }) {
    const [from, to] = [vector(eye), vector(target)];
    const direction = Cesium.Cartesian3.normalize(Cesium.Cartesian3.subtract(to, from, new Cesium.Cartesian3()), new Cesium.Cartesian3());
    camera.setView({ destination: from, orientation: { direction, up: vector(up) } });
  },
  draw: () => widget.render(),
  ray(x, y) {
    const { origin, direction } = camera.getPickRay(new Cesium.Cartesian2(x, y));
    return { origin: array(origin), direction: array(direction) };
  },
  drawn() {
    const names = visible.map(({ url }) => url.split("/").at(-1));
    visible = [];
    return names;
  },
};

/** Flies over the city in magenta, so that what is missing is seen. */
function flyOver(poses, square) {
  scene.backgroundColor = Cesium.Color.MAGENTA;
  return fly(pilot, poses, square);
}

/** Looks from a pose until every tile of the view is there, by a light from behind the eye. */
async function see(pose) {
  scene.backgroundColor = Cesium.Color.BLACK;
  pilot.place(pose);
  scene.light = new Cesium.DirectionalLight({ direction: camera.directionWC });
  await settle();
  visible = [];
  widget.render();
  return pilot.drawn();
}

/** What the tiles drawn say of their features. */
function rows() {
  visible = [];
  widget.render();
  const features = visible.flatMap((content) => Array.from({ length: content.featuresLength }, (_, row) => content.getFeature(row)));
  return features.map((feature) => Object.fromEntries(feature.getPropertyIds().map((id) => [id, feature.getProperty(id)])));
}

/**
 * Draws features for which `[property, operator, value]` holds in red and others of the kind in blue, or not at all; answers what of
 * the picture is which colour.
 */
async function paint(kind, [property, operator, value], hide) {
  const holds = `\${${property}} ${operator} ${JSON.stringify(value)}`;
  const ofKind = `\${kind} === ${JSON.stringify(kind)}`;
  tileset.colorBlendMode = Cesium.Cesium3DTileColorBlendMode.REPLACE;
  tileset.style = new Cesium.Cesium3DTileStyle({
    show: hide ? `${ofKind} && ${holds}` : ofKind,
    color: { conditions: [[holds, "color('red')"], ["true", "color('blue')"]] },
  });
  await settle();
  widget.render();
  return colours(scene.canvas);
}

window.check = {
  load, lookDownAt, pick, pickPixel: ([x, y]) => pickPixel(new Cesium.Cartesian2(x, y)), fly: flyOver, see, rows, paint, failures, version: Cesium.VERSION,
  credits: () => document.querySelector(".cesium-credit-textContainer")?.textContent ?? "",
};
