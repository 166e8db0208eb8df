// 3d-tiles-renderer and three.js, from npm, over the same tileset URL: see foreign.mjs.
import { run } from "./harness.mjs";
import { checkForeignViewer } from "./foreign.mjs";

await run("three", {}, (context) => checkForeignViewer(context, "three"));
