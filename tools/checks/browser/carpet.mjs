// A city without a gap: houses wall to wall over a square. From above every pixel inside its outline is a house, so a pixel
// that is none is a hole. Made by the program under test, with few tiles a tileset.
//
// All houses are as high, so that the blocks they merge into end where tiles do, in straight lines. Other blocks have steps in
// their outlines, which coarser levels cut: neighbours then stand apart by up to their geometric error, and that shows.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Houses on a side, and the side of each in metres. */
const SIDE = 48;
const HOUSE = 20;
/** South-west corner in EPSG:3879, so that the middle lies on the meridian where grid north is true north. */
const CORNER = [25_500_000 - (SIDE * HOUSE) / 2, 6_673_000];

/** Writes and tiles the city; answers the store. */
export function makeCarpet(folder, program) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "carpet.gml");
  writeFileSync(file, cityGml());
  const store = join(folder, "store");
  const options = ["--heights", "ellipsoidal", "--tile-bytes", "16K", "--tileset-tiles", "4", "--brotli", "1"];
  execFileSync(program, ["tile", file, "-o", store, "--collection", "carpet", ...options], { stdio: ["ignore", "ignore", "inherit"] });
  return store;
}

function cityGml() {
  const houses = [];
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) houses.push(house(column, row));
  }
  const lower = `${CORNER[0]} ${CORNER[1]} 0`;
  const upper = `${CORNER[0] + SIDE * HOUSE} ${CORNER[1] + SIDE * HOUSE} 20`;
  return `<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gml="http://www.opengis.net/gml">
<gml:boundedBy><gml:Envelope srsName="EPSG:3879" srsDimension="3"><gml:lowerCorner>${lower}</gml:lowerCorner><gml:upperCorner>${upper}</gml:upperCorner></gml:Envelope></gml:boundedBy>
${houses.join("\n")}
</core:CityModel>`;
}

function house(column, row) {
  const [west, south] = [CORNER[0] + column * HOUSE, CORNER[1] + row * HOUSE];
  const [east, north] = [west + HOUSE, south + HOUSE];
  const top = 12;
  const at = ([x, y, z]) => `${x ? east : west} ${y ? north : south} ${z ? top : 0}`;
  const faces = [
    [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]], [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]],
    [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]],
    [[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1]], [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]],
  ];
  const polygon = (corners) => `<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>${[...corners, corners[0]].map(at).join(" ")}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>`;
  return `<core:cityObjectMember><bldg:Building gml:id="house-${column}-${row}"><bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface>${faces.map(polygon).join("")}</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid></bldg:Building></core:cityObjectMember>`;
}
