// Extracts of the sample city in foreign programs.
//
//   node check.mjs <store>
//
// Two boxes around the cathedral are taken out of the store, one at each level of detail. Khronos' validator must find
// nothing; three.js, Blender and Godot must open the full one and find buildings as wide and high as the CityGML says, to the
// centimetre, in the right direction from each other, with their names and attributes. A program that is not here is
// named; where CI is set that is a failure.
//
// Environment: KORTTELI (the program), KORTTELI_MADE (where to put what is made), PYTHON.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import validator from "gltf-validator";
import { importScene } from "./godot.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const store = process.argv[2];
if (!store) {
  console.error("usage: node check.mjs <store>");
  process.exit(2);
}
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/kortteli/target");
const kortteli = process.env.KORTTELI ?? join(target, "debug/kortteli");
const made = join(process.env.KORTTELI_MADE ?? join(target, "check"), "extract");
const BOX = "24.949,60.168,24.956,60.1715";
const ORIGIN = "24.9525,60.1695,22";
// The cathedral and two houses south of it, one of them with parts.
const CATHEDRAL = "osm_w419479428";
let [passed, failed, skipped] = [0, 0, 0];

function check(what, problems) {
  if (problems.length === 0) {
    passed += 1;
    console.log(`ok extract: ${what}`);
  } else {
    failed += 1;
    console.log(`not ok extract: ${what}\n  ${problems.slice(0, 10).join("\n  ")}`);
  }
}

function run(program, args, seconds = 240) {
  return execFileSync(program, args, { encoding: "utf8", timeout: seconds * 1000, stdio: ["ignore", "pipe", "pipe"] });
}

function take(name, ...more) {
  const file = join(made, `${name}.glb`);
  run(kortteli, ["extract", store, "--bbox", BOX, "--origin", ORIGIN, "-o", file, ...more]);
  return file;
}

async function validate(file) {
  const report = await validator.validateBytes(new Uint8Array(readFileSync(file)), { maxIssues: 50 });
  const bad = report.issues.messages.filter((message) => message.severity <= 1);
  return bad.map((message) => `${message.pointer}: ${message.code} ${message.message}`);
}

/** What is wrong with the objects that a program found. */
function compare(found, expected, properties) {
  const problems = [];
  const near = (what, value, wanted, allowed) => {
    if (!(Math.abs(value - wanted) <= allowed)) problems.push(`${what}: ${value}, not ${wanted}`);
  };
  const first = expected[CATHEDRAL];
  for (const [id, wanted] of Object.entries(expected)) {
    const object = found[id];
    if (!object) {
      problems.push(`${id} is not there`);
      continue;
    }
    near(`${id}: width`, object.width, wanted.width, 0.01);
    near(`${id}: height`, object.height, wanted.height, 0.01);
    // x is east and z south; grid north lies 0.05 degrees from true north here, which turns 400 m by 0.35 m.
    near(`${id}: x`, object.x - found[CATHEDRAL].x, wanted.easting - first.easting, 0.5);
    near(`${id}: z`, object.z - found[CATHEDRAL].z, first.northing - wanted.northing, 0.5);
    if (object.name !== id) problems.push(`${id} is called ${object.name}`);
    if (object.layer !== "buildings") problems.push(`${id} lies in ${object.layer}`);
    const attributes = object.attributes;
    for (const [name, value] of Object.entries(attributes ? properties[id] : {})) {
      if (typeof value !== "object" && attributes[name] !== value && !(Math.abs(attributes[name] - value) < 1e-4)) {
        problems.push(`${id}: ${name} is ${attributes[name]}, not ${value}`);
      }
    }
  }
  return problems;
}

function missing(program, what) {
  const why = `${program} is not installed (tools/install test does)`;
  if (process.env.CI) {
    check(what, [why]);
  } else {
    skipped += 1;
    console.log(`SKIPPED extract: ${what}: ${why}`);
  }
}

/** Checks with a program, or says that it is not here. */
async function foreign(program, what, read, expected, properties) {
  try {
    run(program, ["--version"], 60);
  } catch (error) {
    // Godot tells its version and ends with 255.
    if (error.code === "ENOENT") return missing(program, what);
  }
  let problems;
  try {
    problems = compare(await read(), expected, properties);
  } catch (error) {
    problems = [`${error.message}\n${error.stderr ?? ""}`];
  }
  check(what, problems);
}

rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
const full = take("full");
const blocks = take("blocks", "--lod", "1");
for (const file of [full, blocks]) check(`Khronos' validator finds nothing in ${file}`, await validate(file));

const bytes = readFileSync(full);
const document = JSON.parse(bytes.subarray(20, 20 + bytes.readUInt32LE(12)).toString());
const buildings = document.nodes.filter((node) => node.extras?.layer === "buildings");
const properties = Object.fromEntries(buildings.map((node) => [node.name, node.extras]));
const ids = buildings.map((node) => node.name);
const gml = join(root, "assets/samples/helsinki/helsinki-centre.gml.gz");
const python = process.env.PYTHON ?? "python3";
const expected = JSON.parse(run(python, [join(here, "sizes.py"), gml, ...ids]));
check("the cathedral and at least thirty houses are in the box",
  expected[CATHEDRAL] && ids.length > 30 ? [] : [ids.join(" ")]);
check("there are houses south of the cathedral, and it is 60 m wide", [
  ...(Object.values(expected).some((other) => other.northing < expected[CATHEDRAL].northing - 100) ? [] : ["none"]),
  ...(expected[CATHEDRAL].width > 60 ? [] : [`${expected[CATHEDRAL].width} m`]),
]);

await foreign("node", "three.js opens it: sizes to 1 cm, axes, names, attributes", () =>
  JSON.parse(run("node", [join(here, "three.mjs"), full, ...ids])).objects, expected, properties);
await foreign("blender", "Blender opens it: sizes to 1 cm, axes, names, attributes", () => {
  const out = join(made, "blender.json");
  run("blender", ["--background", "--factory-startup", "--python-exit-code", "1",
    "--python", join(here, "blender.py"), "--", full, out, ...ids]);
  return JSON.parse(readFileSync(out, "utf8")).objects;
}, expected, properties);
await foreign("godot3-server", "Godot opens it: sizes to 1 cm, axes, names", async () => {
  const project = join(made, "godot");
  mkdirSync(project);
  for (const file of ["project.godot", "measure.gd"]) copyFileSync(join(here, "godot", file), join(project, file));
  copyFileSync(full, join(project, "extract.glb"));
  await importScene(project);
  const out = join(made, "godot.json");
  run("godot3-server", ["--path", project, "-s", "measure.gd", out, ...ids]);
  return JSON.parse(readFileSync(out, "utf8")).objects;
}, expected, properties);

console.log(`extract: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
