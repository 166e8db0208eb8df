// The web viewer over WebGPU. Without a GPU, Chromium presents WebGPU pictures only in a real window, so this check
// brings a virtual display. It compares with the picture that WebGL 2 draws: both ways must show the same city.
//
//   node webgpu.mjs <store>

import { startDisplay } from "./display.mjs";
import { made, run } from "./harness.mjs";
import { checkPicture, openViewer, picture } from "./viewing.mjs";

await startDisplay(1280, 720);
await run("webgpu", { webgpu: true }, async ({ report, base, open }) => {
  const page = await open({ timezoneId: "Europe/Helsinki" });
  await openViewer(page, base, { query: { backend: "webgpu" } });
  report.equal("draws by WebGPU", await page.evaluate(() => window.kortteli.backend()), "webgpu");
  checkPicture(report, await picture(page, "webgpu-home.png"), "viewer-home.png", made("webgpu-home.png"));
  report.equal("no error on the console", page.trouble.errors, []);
  report.equal("asks no other host", page.trouble.foreign, []);
});
process.exit(); // ends the display
