// CesiumJS shows a tileset and tells what lies under a pixel. It never calls out: no ion token, no imagery, no terrain.
import * as Cesium from "/node_modules/cesium/Build/Cesium/index.js";

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
let tileset;

/** Shows the tileset, and no other. */
async function load(url, maximumScreenSpaceError) {
  if (tileset) scene.primitives.remove(tileset);
  tileset = await Cesium.Cesium3DTileset.fromUrl(url, { maximumScreenSpaceError, dynamicScreenSpaceError: false, showCreditsOnScreen: true });
  tileset.tileFailed.addEventListener(({ url: failed, message }) => failures.push(`${failed}: ${message}`));
  scene.primitives.add(tileset);
  return { version: tileset.asset.version, geometricError: tileset.root.geometricError };
}

/** Looks straight down at a place and draws until every tile of the view is there. */
async function lookDownAt({ longitude, latitude, height }, above) {
  camera.setView({
    destination: Cesium.Cartesian3.fromDegrees(longitude, latitude, height + above),
    orientation: { heading: 0, pitch: -Cesium.Math.PI_OVER_TWO, roll: 0 },
  });
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
  const pixel = Cesium.SceneTransforms.worldToWindowCoordinates(scene, point);
  const feature = scene.pick(pixel);
  if (!(feature instanceof Cesium.Cesium3DTileFeature)) return { pixel, picked: String(feature) };
  const { tile } = feature.content;
  const properties = Object.fromEntries(feature.getPropertyIds().map((id) => [id, feature.getProperty(id)]));
  return { pixel, properties, tile: describe(tile, feature.content.url) };
}

function describe(tile, url) {
  return { url, geometricError: tile.geometricError, children: tile.children.length };
}

window.check = { load, lookDownAt, pick, failures, version: Cesium.VERSION, credits: () => document.querySelector(".cesium-credit-textContainer")?.textContent ?? "" };
