// Independent readers over every tile of a store.
//
//   node validate.mjs <store>
//
// 1. Khronos' glTF validator on every tile as stored, and on every tile's plain form (it cannot look into compressed
//    buffers, so `xtask plain` decodes them first): no error and no warning.
// 2. CesiumGS' 3d-tiles-tools reads the tileset whole, with its own traversal of tiles and external tilesets, its own
//    glTF reader (meshopt included) and its own decoder of property tables.
//
// Environment: KORTTELI_XTASK (the maintainers' program), KORTTELI_MADE (where the plain tiles go).

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import validator from "gltf-validator";
import { readWhole } from "./read-whole.mjs";

const store = process.argv[2];
if (!store) {
  console.error("usage: node validate.mjs <store>");
  process.exit(2);
}
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/kortteli/target");
let [passed, failed] = [0, 0];

function check(what, errors) {
  if (errors.length === 0) {
    passed += 1;
    console.log(`ok gltf: ${what}`);
  } else {
    failed += 1;
    console.log(`not ok gltf: ${what}: ${errors.length} findings\n  ${errors.slice(0, 10).join("\n  ")}`);
  }
}

const collections = (folder) => readdirSync(folder).filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory()
  && statSync(join(folder, name, "tileset.json"), { throwIfNoEntry: false }));

/** The validator's errors and warnings for every GLB of a collection. */
async function validateTiles(folder, what) {
  const files = readdirSync(join(folder, "files")).filter((name) => name.endsWith(".glb"));
  const findings = files.length ? [] : ["there is no tile"];
  const hints = new Map();
  for (const name of files) {
    const { issues } = await validator.validateBytes(new Uint8Array(readFileSync(join(folder, "files", name))), {
      uri: name,
      maxIssues: 0, // no limit: hints would crowd out errors
      externalResourceFunction: (uri) => Promise.resolve(new Uint8Array(readFileSync(join(folder, "files", uri)))),
    });
    for (const { code, message, pointer, severity } of issues.messages) {
      // 0 error, 1 warning, 2 information, 3 hint
      if (severity <= 1) findings.push(`${name} ${code} ${pointer ?? ""}: ${message}`);
      else hints.set(`${code}: ${message}`, (hints.get(`${code}: ${message}`) ?? 0) + 1);
    }
  }
  for (const [hint, times] of [...hints].slice(0, 8)) console.log(`# ${what}: ${times} x ${hint}`);
  check(`${what}: ${files.length} tiles`, findings);
  return files.length;
}

/** A validator that finds nothing in a broken file would prove nothing. */
async function validatorSeesFaults(folder) {
  const name = readdirSync(join(folder, "files")).find((file) => file.endsWith(".glb"));
  const broken = new Uint8Array(readFileSync(join(folder, "files", name)));
  const text = Buffer.from(broken).toString("latin1");
  const at = text.indexOf('"max":[') + 7;
  broken[at] = broken[at] === 0x39 ? 0x38 : 0x39; // another digit
  const { issues } = await validator.validateBytes(broken, { maxIssues: 0 });
  check("a plain tile with a wrong bound is refused", issues.numErrors > 0 ? [] : ["it passed"]);
}

const plain = mkdtempSync(join(tmpdir(), "kortteli-plain-"));
try {
  execFileSync(process.env.KORTTELI_XTASK ?? join(target, "debug/xtask"), ["plain", store, plain], { stdio: ["ignore", "inherit", "inherit"] });
  const names = collections(store);
  check(`${store} holds collections`, names.length ? [] : ["there is none"]);
  for (const name of names) {
    const stored = await validateTiles(join(store, name), `${name} as stored`);
    const decoded = await validateTiles(join(plain, name), `${name} decoded to plain`);
    check(`${name}: every stored tile has a plain form`, stored === decoded ? [] : [`${stored} and ${decoded}`]);
    await validatorSeesFaults(join(plain, name));
    const summaries = [];
    for (const [what, folder] of [["as stored", join(store, name)], ["plain", join(plain, name)]]) {
      const { errors, summary } = await readWhole(folder);
      check(`3d-tiles-tools reads ${name} ${what} whole: ${summary}`, errors);
      summaries.push(summary);
    }
    check(`${name}: both forms say the same`, summaries[0] === summaries[1] ? [] : summaries);
  }
} finally {
  rmSync(plain, { recursive: true });
}
console.log(`# ${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
