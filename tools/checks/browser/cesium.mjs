// CesiumJS, from npm, over the same tileset URL: see foreign.mjs.
import { run } from "./harness.mjs";
import { checkForeignViewer } from "./foreign.mjs";

await run("cesium", {}, (context) => checkForeignViewer(context, "cesium"));
