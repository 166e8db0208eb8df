// A display without a screen: Xvfb on a free number, and what is on it.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skip } from "./harness.mjs";

/** Starts Xvfb and points DISPLAY there. It ends with this process. `screen()` gives its pixels. */
export async function startDisplay(width, height) {
  if (spawnSync("Xvfb", ["-help"]).error) skip("Xvfb is not installed (apt-get install xvfb)");
  const folder = mkdtempSync(join(tmpdir(), "kortteli-display-"));
  const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp", "-fbdir", folder], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  process.on("exit", () => {
    child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  });
  const number = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("Xvfb gave no display number in 20 s")), 20_000);
    child.stdio[3].once("data", (chunk) => { clearTimeout(timer); resolve(String(chunk).trim()); });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`Xvfb ended (${code})`)));
  });
  process.env.DISPLAY = `:${number}`;
  return { screen: () => readXwd(readFileSync(join(folder, "Xvfb_screen0"))) };
}

/** A picture from an X window dump, as XWDFile.h describes it: a header of big-endian words, a colour table, rows. */
function readXwd(file) {
  const word = (index) => file.readUInt32BE(index * 4);
  const [headerSize, width, height, leastFirst, bits, stride, colours] = [word(0), word(4), word(5), word(7) === 0, word(11), word(12), word(19)];
  if (bits !== 32) throw new Error(`a screen of ${bits} bits a pixel`);
  const rows = file.subarray(headerSize + colours * 12);
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = y * stride + x * 4;
      const pixel = leastFirst ? rows.readUInt32LE(from) : rows.readUInt32BE(from);
      data.writeUInt32BE(((pixel << 8) | 0xff) >>> 0, (y * width + x) * 4);
    }
  }
  return { width, height, data };
}
