// What every browser check needs: the server under test, a static server for test pages, a browser without a GPU, and
// lines of TAP. Everything listens on loopback, and everything that was started is stopped.
//
// Environment: KORTTELI (the program), KORTTELI_WEB (the built page), KORTTELI_MADE (where pictures go),
// CHROMIUM (default /usr/bin/chromium).

import { spawn } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { homedir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const here = dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/kortteli/target");

/** The folder for pictures that a person may want to look at. */
export function made(name) {
  const folder = join(process.env.KORTTELI_MADE ?? join(target, "check"), "browser");
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

/** The program under test. */
export const program = () => process.env.KORTTELI ?? join(target, "debug/kortteli");

/** Checks, one line each; `finish` gives the exit code. */
export class Report {
  constructor(name) {
    this.name = name;
    this.passed = 0;
    this.failed = 0;
  }

  check(what, good, detail = "") {
    const line = `${this.name}: ${what}`;
    if (good) {
      this.passed += 1;
      console.log(`ok ${line}${detail && ` (${detail})`}`);
    } else {
      this.failed += 1;
      console.log(`not ok ${line}${detail && `: ${detail}`}`);
    }
    return good;
  }

  equal(what, actual, expected) {
    const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
    return this.check(what, a === e, a === e ? a : `${a}, expected ${e}`);
  }
}

/** Says why the check cannot run here; the exit code 77 is counted as a skip. */
export function skip(why) {
  console.log(`SKIP ${why}`);
  process.exit(77);
}

/**
 * Runs a check with what it needs and takes everything down afterwards, whatever happens.
 * `body(context)` gets `{ report, base, pages, browser, open }`. The store is `options.store` or that of the command line.
 */
export async function run(name, options, body) {
  const blind = options.browser === false;
  if (!blind && !existsSync(CHROMIUM)) skip(`${CHROMIUM} is not installed (apt-get install chromium)`);
  const started = Date.now();
  const report = new Report(name);
  const undo = [];
  try {
    const store = options.store ?? process.argv.slice(2).find((argument) => !argument.startsWith("--"));
    if (!store) throw new Error(`usage: node ${name}.mjs <store | http://address>`);
    const server = await startServer(store);
    undo.push(server.stop);
    const pages = await servePages();
    undo.push(pages.stop);
    const browser = blind ? undefined : await launch(options);
    undo.push(() => browser?.close());
    const hosts = [new URL(server.base).host, new URL(pages.base).host];
    const open = (view) => openPage(browser, hosts, view);
    await body({ report, base: server.base, pages: pages.base, browser, open });
  } catch (error) {
    report.check("runs to its end", false, error.stack ?? String(error));
  } finally {
    for (const step of undo.reverse()) await step();
  }
  console.log(`# ${name}: ${report.passed} passed, ${report.failed} failed, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  process.exitCode = report.failed > 0 || report.passed === 0 ? 1 : 0;
}

/** Starts `kortteli serve`, or uses a server that runs already. */
async function startServer(store) {
  if (/^https?:/.test(store)) return { base: store.replace(/\/$/, ""), stop: async () => {} };
  const web = process.env.KORTTELI_WEB ?? join(target, "web");
  const child = spawn(program(), ["serve", store, "--listen", "127.0.0.1:0", "--viewer", web], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const base = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server gave no address:\n${log}`)), 30_000);
    const read = (chunk) => {
      log += chunk;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(log);
      if (address) {
        clearTimeout(timer);
        resolve(address[0]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", (error) => reject(new Error(`${program()}: ${error.message}`)));
    child.on("exit", (code) => reject(new Error(`the server ended (${code}):\n${log}`)));
  });
  return { base, stop: () => stopped(child) };
}

/** Whether a process that this script started has ended. */
export const ended = (child) => child.exitCode !== null || child.signalCode !== null;

/** Ends a process that this script started. */
export async function stopped(child) {
  if (ended(child)) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(timer);
}

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".css": "text/css",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/** Serves `pages/` and `node_modules/` on a port of its own, so that tiles are asked for across origins. */
async function servePages() {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    const file = join(here, path);
    const known = /^\/(pages|node_modules)\//.test(path) && existsSync(file) && statSync(file).isFile();
    response.writeHead(known ? 200 : 404, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    if (known) createReadStream(file).pipe(response);
    else response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

const WEBGL2 = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
// The one set of flags with which WebGPU on a software Vulkan reaches the canvas; it needs a display.
const WEBGPU = [
  "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan", "--use-vulkan=swiftshader",
  "--use-angle=vulkan", "--disable-vulkan-surface", "--ignore-gpu-blocklist",
];

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

async function launch({ webgpu = false } = {}) {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: !webgpu,
    args: [
      ...(webgpu ? WEBGPU : WEBGL2),
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--force-color-profile=srgb",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

/** A page that remembers what went wrong in it: console errors, exceptions, and requests to other hosts. */
async function openPage(browser, hosts, { width = 640, height = 360, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: 1, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const trouble = { errors: [], foreign: [], failed: [] };
  page.on("console", (message) => {
    if (message.type() === "error") trouble.errors.push(message.text());
    else if (process.env.KORTTELI_VERBOSE) console.log(`# ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.errors.push(error.stack ?? String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && !hosts.includes(url.host)) trouble.foreign.push(request.url());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) trouble.failed.push(`${response.status()} ${response.url()}`);
  });
  return Object.assign(page, { trouble });
}
