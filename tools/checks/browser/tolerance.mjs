// The screen-space error at which a viewer draws a stand-in instead of a leaf.
//
// Computed from the tileset's JSON alone, by the formula of the standard (OGC 3D Tiles 1.1, 7.2): a tile is refined when
// geometricError * viewport height / (distance * 2 tan(fovy / 2)) exceeds the tolerance.

const VIEWPORT_HEIGHT = 360;
const DENOMINATOR = 2 * Math.tan(Math.PI / 10);

/** The tolerance in pixels at which the parent of the leaf under a place is just good enough from straight above. */
export async function standInTolerance(tilesetUrl, place, above) {
  const tileset = await (await fetch(tilesetUrl)).json();
  const eye = toLocal(tileset.root.transform, ecef({ ...place, height: place.height + above }));
  const point = toLocal(tileset.root.transform, ecef(place));
  const buildings = tileset.root.children.find(({ content }) => content?.uri.includes("buildings"));
  const chain = await chainTo(buildings, tilesetUrl, point);
  const parents = chain.filter(({ children, content }) => children?.length > 0 && content?.uri.endsWith(".glb"));
  const parent = parents.at(-1);
  if (!parent) throw new Error(`${place.name}: no stand-in on the way to its leaf`);
  const pixels = (tile) => (tile.geometricError * VIEWPORT_HEIGHT) / (distance(tile.boundingVolume.box, eye) * DENOMINATOR);
  return pixels(parent) * 1.001;
}

/** The tiles that hold a point, from the root of a layer to a leaf, through external tilesets. */
async function chainTo(tile, base, point) {
  if (tile.content?.uri.endsWith(".json")) {
    const url = new URL(tile.content.uri, base).href;
    return chainTo((await (await fetch(url)).json()).root, url, point);
  }
  const next = (tile.children ?? []).filter(({ boundingVolume }) => distance(boundingVolume.box, point) < 0.01);
  const chains = await Promise.all(next.map((child) => chainTo(child, base, point)));
  return [tile, ...chains.reduce((longest, chain) => (chain.length > longest.length ? chain : longest), [])];
}

/** From a point to an axis-aligned box, as our tilesets have them. */
function distance([cx, cy, cz, hx, , , , hy, , , , hz], [x, y, z]) {
  const outside = (value, centre, half) => Math.max(0, Math.abs(value - centre) - half);
  return Math.hypot(outside(x, cx, hx), outside(y, cy, hy), outside(z, cz, hz));
}

/** Into the frame of a rigid transform. */
function toLocal(m, [x, y, z]) {
  const [dx, dy, dz] = [x - m[12], y - m[13], z - m[14]];
  return [0, 4, 8].map((column) => m[column] * dx + m[column + 1] * dy + m[column + 2] * dz);
}

/** WGS 84, EPSG method 9602. */
function ecef({ longitude, latitude, height }) {
  const [a, e2] = [6378137, 0.0066943799901413165];
  const [lon, lat] = [(longitude * Math.PI) / 180, (latitude * Math.PI) / 180];
  const n = a / Math.sqrt(1 - e2 * Math.sin(lat) ** 2);
  return [(n + height) * Math.cos(lat) * Math.cos(lon), (n + height) * Math.cos(lat) * Math.sin(lon), (n * (1 - e2) + height) * Math.sin(lat)];
}
