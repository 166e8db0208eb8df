// Downloads of a served collection in foreign programs.
//
//   node served.mjs <store>
//
// 1. Plain tiles: the whole tree under plain/ is fetched as its own addresses lead, and Khronos' validator must find nothing
//    in any tile, of which none requires an extension.
// 2. The archive: CesiumGS' 3d-tiles-tools unpack it, and every file must be the one that the store holds; a download that
//    goes on after a break must be the same archive.
//
// Environment: KORTTELI (the program), KORTTELI_MADE (where to put what is made).

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import validator from "gltf-validator";
import { serving } from "./serving.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const store = process.argv[2];
if (!store) {
  console.error("usage: node served.mjs <store>");
  process.exit(2);
}
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/kortteli/target");
const kortteli = process.env.KORTTELI ?? join(target, "debug/kortteli");
const made = join(process.env.KORTTELI_MADE ?? join(target, "check"), "served");
let failed = 0;

function check(what, problems) {
  failed += problems.length > 0 ? 1 : 0;
  console.log(problems.length > 0
    ? `not ok served: ${what}\n  ${problems.slice(0, 10).join("\n  ")}` : `ok served: ${what}`);
}

async function fetched(url, headers = {}) {
  const answer = await fetch(url, { headers });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

function* tiles(tile) {
  yield tile;
  for (const child of tile.children ?? []) yield* tiles(child);
}

/** What is wrong with a plain tile. */
async function judge(url, glb, schemas) {
  const length = new DataView(glb.buffer, glb.byteOffset).getUint32(12, true);
  const gltf = json(glb.subarray(20, 20 + length));
  schemas.add(new URL(gltf.extensions.EXT_structural_metadata.schemaUri, url).href);
  const report = await validator.validateBytes(glb, { maxIssues: 20 });
  const issues = report.issues.messages.filter((message) => message.severity <= 1);
  return [
    ...(gltf.extensionsRequired ?? []).map((name) => `${url} requires ${name}`),
    ...issues.map((message) => `${url}: ${message.code} ${message.message}`),
  ];
}

async function plain(base) {
  const waiting = [`${base}/3dtiles/plain/tileset.json`];
  const [problems, schemas] = [[], new Set()];
  let count = 0;
  while (waiting.length > 0) {
    const url = waiting.pop();
    const bytes = await fetched(url);
    if (url.endsWith(".glb")) {
      count += 1;
      problems.push(...await judge(url, bytes, schemas));
      continue;
    }
    for (const tile of tiles(json(bytes).root)) {
      if (tile.content) waiting.push(new URL(tile.content.uri, url).href);
    }
  }
  for (const schema of schemas) if (!json(await fetched(schema)).classes) problems.push(`${schema} is no schema`);
  check(`all ${count} plain tiles are core glTF in which Khronos' validator finds nothing`,
    count > 20 ? problems : [`only ${count} tiles`, ...problems]);
}

async function archive(base, collection) {
  const whole = await fetched(`${base}/3dtiles.3tz`);
  const half = Math.floor(whole.length / 2);
  const rest = await fetched(`${base}/3dtiles.3tz`, { Range: `bytes=${half}-` });
  check(`an archive of ${whole.length} bytes goes on where it broke off`,
    Buffer.compare(whole.subarray(half), rest) === 0 ? [] : [`${rest.length} bytes differ`]);
  const [file, out] = [join(made, `${collection}.3tz`), join(made, "unpacked")];
  writeFileSync(file, whole);
  const cli = join(here, "node_modules/3d-tiles-tools/build/src/cli.mjs");
  execFileSync("node", [cli, "convert", "-f", "-i", file, "-o", out], { stdio: ["ignore", "ignore", "pipe"] });
  const folder = join(store, collection);
  const names = readdirSync(join(folder, "files")).filter((name) => /\.(glb|json)$/.test(name)).map((name) => `files/${name}`);
  const problems = [];
  for (const name of ["tileset.json", ...names]) {
    try {
      if (Buffer.compare(readFileSync(join(folder, name)), readFileSync(join(out, name))) !== 0) problems.push(`${name} differs`);
    } catch (error) {
      problems.push(error.message);
    }
  }
  check(`3d-tiles-tools unpack the archive: ${names.length + 1} files, as stored`, problems);
}

rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
await serving(kortteli, store, async (address) => {
  const { collections } = json(await fetched(`${address}/collections`));
  for (const { id } of collections) {
    const base = `${address}/collections/${encodeURIComponent(id)}`;
    await plain(base);
    await archive(base, id);
  }
});
process.exit(failed > 0 ? 1 : 0);
