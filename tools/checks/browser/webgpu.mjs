// The web viewer over WebGPU. Without a GPU, Chromium presents WebGPU pictures only in a real window, so this check
// brings a virtual display. It compares with the picture that WebGL 2 draws: both ways must show the same city.
//
//   node webgpu.mjs <store>

import { spawn, spawnSync } from "node:child_process";
import { run, skip } from "./harness.mjs";
import { checkPicture, openViewer, picture } from "./viewing.mjs";

if (spawnSync("Xvfb", ["-help"]).error) skip("Xvfb is not installed (apt-get install xvfb)");
const display = await startDisplay();
process.on("exit", () => display.kill("SIGTERM"));
await run("webgpu", { webgpu: true }, async ({ report, base, open }) => {
  const page = await open({ timezoneId: "Europe/Helsinki" });
  await openViewer(page, base, { query: { backend: "webgpu" } });
  report.equal("draws by WebGPU", await page.evaluate(() => window.kortteli.backend()), "webgpu");
  checkPicture(report, await picture(page, "webgpu-home.png"), "viewer-home.png");
  report.equal("no error on the console", page.trouble.errors, []);
  report.equal("asks no other host", page.trouble.foreign, []);
});
process.exit();

/** Starts an X server on a free display number and points DISPLAY there. */
async function startDisplay() {
  const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x720x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("Xvfb gave no display number in 20 s")), 20_000);
    child.stdio[3].once("data", (chunk) => { clearTimeout(timer); resolve(String(chunk).trim()); });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`Xvfb ended (${code})`)));
  });
  process.env.DISPLAY = `:${number}`;
  return child;
}
