// Godot's editor without a screen, which imports what lies in a project.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const PATIENCE = 120_000;

/** Imports everything in a project. The editor of Godot 3.2 does not end by itself: it is ended when it is done. */
export async function importScene(project) {
  const editor = spawn("godot3-server", ["--path", project, "--editor", "--quit"], { stdio: "ignore" });
  const ended = new Promise((resolve, reject) => editor.on("exit", resolve).on("error", reject));
  const imports = join(project, ".import");
  const until = Date.now() + PATIENCE;
  // The checksum is written last.
  const done = () => existsSync(imports) && readdirSync(imports).some((name) => name.endsWith(".md5"));
  try {
    while (!done()) {
      if (Date.now() > until) throw new Error("Godot imported nothing within two minutes");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    editor.kill("SIGKILL");
  }
  await ended;
}
