// 3d-tiles-renderer shows a tileset with three.js and tells what lies under a pixel.
import { PerspectiveCamera, Raycaster, REVISION, Scene, Color, HemisphereLight, Vector3, WebGLRenderer } from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { TilesRenderer, WGS84_ELLIPSOID } from "3d-tiles-renderer";
import { GLTFExtensionsPlugin } from "3d-tiles-renderer/plugins";

const renderer = new WebGLRenderer({ antialias: false });
renderer.setSize(innerWidth, innerHeight);
document.body.append(renderer.domElement);
const scene = new Scene();
scene.background = new Color("lightsteelblue");
scene.add(new HemisphereLight(0xffffff, 0x888877, 3));
const camera = new PerspectiveCamera(36, innerWidth / innerHeight, 1, 1e5);
const failures = [];
let tiles;

/** Shows the tileset, and no other. */
async function load(url, maximumScreenSpaceError) {
  if (tiles) {
    scene.remove(tiles.group);
    tiles.dispose();
  }
  tiles = new TilesRenderer(url);
  tiles.registerPlugin(new GLTFExtensionsPlugin({ meshoptDecoder: MeshoptDecoder, autoDispose: false }));
  tiles.errorTarget = maximumScreenSpaceError;
  tiles.addEventListener("load-error", ({ url: failed, error }) => failures.push(`${failed}: ${error}`));
  tiles.setCamera(camera);
  tiles.setResolutionFromRenderer(camera, renderer);
  scene.add(tiles.group);
  tiles.update();
  while (!tiles.root && failures.length === 0) await pause();
  return { version: tiles.rootTileset.asset.version, geometricError: tiles.root.geometricError };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
const radians = (degrees) => (degrees * Math.PI) / 180;

function position({ longitude, latitude, height }, above = 0) {
  return WGS84_ELLIPSOID.getCartographicToPosition(radians(latitude), radians(longitude), height + above, new Vector3());
}

/** Looks straight down at a place and draws until every tile of the view is there. */
async function lookDownAt(place, above) {
  const north = position({ ...place, latitude: place.latitude + 1e-4 }).sub(position(place)).normalize();
  camera.position.copy(position(place, above));
  camera.up.copy(north);
  camera.lookAt(position(place));
  camera.updateMatrixWorld();
  let still = 0;
  const end = performance.now() + 90_000;
  while (still < 5) {
    if (performance.now() > end) throw new Error("the view did not settle in 90 s");
    tiles.update();
    await pause();
    const { downloading, parsing, queued } = tiles.stats;
    const busy = downloading + parsing + (queued ?? 0) > 0 || tiles.loadProgress < 1;
    still = busy ? 0 : still + 1;
  }
  renderer.render(scene, camera);
}

/** What lies under the pixel of a place: its properties, and the tile that it was drawn from. */
function pick(place) {
  const point = position(place).project(camera);
  const pixel = { x: ((point.x + 1) / 2) * innerWidth, y: ((1 - point.y) / 2) * innerHeight };
  const raycaster = new Raycaster();
  raycaster.setFromCamera(point, camera);
  const [hit] = raycaster.intersectObject(tiles.group, true);
  if (!hit) return { pixel, picked: "nothing" };
  const { meshFeatures, structuralMetadata } = hit.object.userData;
  if (!meshFeatures || !structuralMetadata) return { pixel, picked: "a mesh without features" };
  const [row] = meshFeatures.getFeatures(hit.faceIndex, hit.barycoord);
  const { propertyTable } = meshFeatures.getFeatureInfo()[0];
  return { pixel, properties: structuralMetadata.getPropertyTableData(propertyTable, row), tile: tileOf(hit.object) };
}

function tileOf(object) {
  let found;
  tiles.forEachLoadedModel((model, tile) => {
    let node = object;
    while (node && node !== model) node = node.parent;
    if (node === model) found = tile;
  });
  return { url: found.content.uri, geometricError: found.geometricError, children: found.children.length };
}

window.check = { load, lookDownAt, pick, failures, version: REVISION, credits: () => null };
