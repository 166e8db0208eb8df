// 3d-tiles-renderer shows a tileset with three.js and tells what lies under a pixel.
import { BufferAttribute, MeshBasicMaterial, PerspectiveCamera, Raycaster, REVISION, Scene, Color, HemisphereLight, Vector3, WebGLRenderer } from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { TilesRenderer, WGS84_ELLIPSOID } from "3d-tiles-renderer";
import { GLTFExtensionsPlugin } from "3d-tiles-renderer/plugins";
import { fly } from "./flight.js";
import { colours } from "./colours.js";

const renderer = new WebGLRenderer({ antialias: false });
renderer.setSize(innerWidth, innerHeight);
document.body.append(renderer.domElement);
const scene = new Scene();
scene.background = new Color("lightsteelblue");
scene.add(new HemisphereLight(0xffffff, 0x888877, 3));
const camera = new PerspectiveCamera(36, innerWidth / innerHeight, 1, 1e5);
const raycaster = new Raycaster();
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
  await settle();
}

async function settle() {
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
  return pickPixel([((point.x + 1) / 2) * innerWidth, ((1 - point.y) / 2) * innerHeight]);
}

function pickPixel([x, y]) {
  const pixel = { x, y };
  raycaster.setFromCamera({ x: (x / innerWidth) * 2 - 1, y: 1 - (y / innerHeight) * 2 }, camera);
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

/** For a flight: see flight.js. */
const pilot = {
  canvas: renderer.domElement,
  place({ eye, target, up }) {
    camera.position.set(...eye);
    camera.up.set(...up);
    camera.lookAt(new Vector3(...target));
    camera.updateMatrixWorld();
  },
  draw() {
    tiles.update();
    renderer.render(scene, camera);
  },
  ray(x, y) {
    raycaster.setFromCamera({ x: (x / innerWidth) * 2 - 1, y: 1 - (y / innerHeight) * 2 }, camera);
    return { origin: raycaster.ray.origin.toArray(), direction: raycaster.ray.direction.toArray() };
  },
  drawn: () => [...tiles.visibleTiles].map((tile) => tile.content.uri.split("/").at(-1)),
};

/** Flies over the city in magenta, so that what is missing is seen. */
function flyOver(poses, square) {
  scene.background = new Color(0xff00ff);
  return fly(pilot, poses, square);
}

/** Looks from a pose until every tile of the view is there. */
async function see(pose) {
  scene.background = new Color(0);
  pilot.place(pose);
  await settle();
  return pilot.drawn();
}

/** The tiles drawn, each with its meshes and the rows of its table. */
function tables() {
  return [...tiles.visibleTiles].map(({ engineData }) => {
    const meshes = [];
    engineData.scene.traverse((mesh) => { if (mesh.isMesh) meshes.push(mesh); });
    const { meshFeatures, structuralMetadata } = meshes[0].userData;
    const [{ featureCount, propertyTable }] = meshFeatures.getFeatureInfo();
    const table = Array.from({ length: featureCount }, (_, row) => structuralMetadata.getPropertyTableData(propertyTable, row));
    return { meshes, table };
  });
}

const rows = () => tables().flatMap(({ table }) => table);

const OPERATORS = { ">": (a, b) => a > b, "===": (a, b) => a === b };

/**
 * Draws features for which `[property, operator, value]` holds in red and others of the kind in blue, or not at all; answers what of
 * the picture is which colour.
 */
async function paint(kind, [property, operator, value], hide) {
  for (const { meshes, table } of tables()) {
    const holds = table.map((row) => OPERATORS[operator](row[property], value));
    const shown = table.map((row, number) => row.kind === kind && (holds[number] || !hide));
    for (const mesh of meshes) paintMesh(mesh, holds, shown);
  }
  renderer.render(scene, camera);
  return colours(renderer.domElement);
}

function paintMesh(mesh, holds, shown) {
  const { geometry } = mesh;
  const ids = geometry.getAttribute("_feature_id_0");
  const all = (mesh.userData.allTriangles ??= geometry.index.array.slice());
  const colour = new Float32Array(ids.count * 3);
  for (let vertex = 0; vertex < ids.count; vertex += 1) colour[vertex * 3 + (holds[ids.getX(vertex)] ? 0 : 2)] = 1;
  geometry.setAttribute("color", new BufferAttribute(colour, 3));
  geometry.setIndex(new BufferAttribute(all.filter((_, corner) => shown[ids.getX(all[corner - (corner % 3)])]), 1));
  mesh.material = new MeshBasicMaterial({ vertexColors: true });
}

window.check = { load, lookDownAt, pick, pickPixel, fly: flyOver, see, rows, paint, failures, version: REVISION, credits: () => null };
