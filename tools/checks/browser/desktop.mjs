// The desktop viewer on a software Vulkan: the pictures it takes without a window must be those of the web viewer, and
// its window on a virtual display must show the city.
//
//   node desktop.mjs <store>

import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDisplay } from "./display.mjs";
import { ended, made, run, skip, stopped } from "./harness.mjs";
import { compare, readPng, richness, writePng } from "./picture.mjs";
import { SQUARE, checkPicture } from "./viewing.mjs";

const PROGRAM = process.env.KORTTELI_DESKTOP ?? join(process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/kortteli/target"), "debug/kortteli-viewer");
if (!existsSync(PROGRAM)) skip(`${PROGRAM} is not built (cargo build -p kortteli-viewer)`);
const SIZE = [640, 360];
/** The web viewer's check has its clock set to Helsinki's summer time. */
const CLOCK = ["--command", JSON.stringify({ command: "setUtcOffset", minutes: 180 })];
const display = await startDisplay(...SIZE);

await run("desktop", { browser: false }, async ({ report, base }) => {
  const city = `${base}/collections/helsinki`;
  await takesPictures(report, city);
  await showsAWindow(report, city);
});
process.exit(); // ends the display

async function takesPictures(report, city) {
  for (const [name, view] of [["home", undefined], ["square", SQUARE]]) {
    const file = made(`desktop-${name}.png`);
    const camera = view ? ["--camera", view.join(",")] : [];
    await promisify(execFile)(PROGRAM, [city, "--screenshot", file, "--size", SIZE.join("x"), "--quality", "low", ...CLOCK, ...camera], { timeout: 240_000 });
    checkPicture(report, readFileSync(file), `viewer-${name}.png`, file);
  }
}

/** Waits until the window shows something rich and still, and checks that it ends when told to. */
async function showsAWindow(report, city) {
  const child = spawn(PROGRAM, [city, "--size", SIZE.join("x"), "--quality", "low", "--language", "en"], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => { log += chunk; });
  let last = display.screen();
  const end = Date.now() + 120_000;
  for (let still = 0; still < 3 && Date.now() < end && !ended(child); ) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = display.screen();
    still = richness(now).colours > 100 && compare(now, last).mean < 0.05 ? still + 1 : 0;
    last = now;
  }
  writePng(made("desktop-window.png"), last);
  const { colours, spread } = richness(readPng(made("desktop-window.png")));
  report.check("the window shows the city", colours > 100 && spread > 8, `${colours} colours, spread ${spread.toFixed(1)}`);
  report.check("the window stays open", !ended(child), log);
  await stopped(child);
  report.check("nothing is logged as an error", !/ERROR|panicked/.test(log), log);
}
