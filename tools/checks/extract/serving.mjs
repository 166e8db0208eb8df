// The server over a store, on a port of its own.

import { spawn } from "node:child_process";

/** Serves while `use` runs, which gets the address; gives what it gives. */
export async function serving(kortteli, store, use) {
  const server = spawn(kortteli, ["serve", store, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const address = new Promise((resolve, reject) => {
    const read = (text) => {
      log += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log);
      if (found) resolve(found[0]);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.on("error", reject);
    ended.then(() => reject(new Error(`the server ended:\n${log}`)));
  });
  try {
    return await use(await address);
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
}
