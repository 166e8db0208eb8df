// The landing page, and the programs that it offers to copy: each that can run here is taken from the page as it is
// shown, and run. Those for Unreal and Unity are steps for people; that their addresses lead somewhere is checked.
//
//   node snippets.mjs <store>

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { here, made, program, run, stopped } from "./harness.mjs";
import { middle, readPng, richness } from "./picture.mjs";

const call = promisify(execFile);
const store = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
const MODULES = join(here, "node_modules");
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".png": "image/png" };

await run("snippets", {}, async ({ report, base, pages, open }) => {
  const snippets = await readsThePage(report, open, base);
  await runsCurl(report, snippets["curl.sh"], base);
  await showsTheCity(report, open, base, pages, "cesium.html", snippets["cesium.html"], 8000);
  await showsTheCity(report, open, base, pages, "three.html", snippets["three.html"], 4000);
  await asksAsQgis(report, snippets["qgis.py"], base);
  await importsInBlender(report, snippets["blender.py"]);
  for (const name of ["bevy.rs", "godot.gd"]) await fetchesAModel(report, name, snippets[name], base);
  for (const name of ["unreal.txt", "unity.txt"]) await leadsSomewhere(report, name, snippets[name], base);
  await speaksThreeLanguages(report, open, base);
  await fitsSmallScreens(report, open, base);
});

/** The snippets by file name, as somebody copies them. */
async function readsThePage(report, open, base) {
  const page = await open({ width: 1000, height: 900, permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto(`${base}/?lang=en`);
  await page.waitForFunction(() => document.querySelector("[data-snippet] button:not([hidden])"));
  const shown = await page.$eval("figure img", (picture) => picture.complete && picture.naturalWidth);
  report.equal("the picture is there", shown, 1120);
  const snippets = {};
  for (const details of await page.$$("[data-snippet]")) {
    const name = await details.getAttribute("data-snippet");
    await (await details.$("summary")).press("Enter");
    await (await details.$("button")).press("Enter");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const text = await (await details.$("code")).innerText();
    report.check(`${name}: what is copied is what is shown`, copied === `${text.trimEnd()}\n` && copied.includes(base), `${copied.length} letters`);
    report.check(`${name}: nothing is left to fill in`, !/\{(base|collection|item|bbox|lat|lon|height|title|geopackage)\}/.test(copied));
    snippets[name] = copied;
  }
  await page.screenshot({ path: made("landing.png"), fullPage: true });
  report.equal("the page: no error on the console", page.trouble.errors, []);
  report.equal("the page asks no other host", page.trouble.foreign, []);
  report.equal("the page: no request was refused", page.trouble.failed, []);
  await page.context().close();
  return snippets;
}

async function runsCurl(report, text, base) {
  const folder = mkdtempSync(join(tmpdir(), "kortteli-curl-"));
  try {
    const { stdout } = await call("bash", ["-euo", "pipefail", "-c", text], { cwd: folder, env: { ...process.env, CURL_HOME: folder, no_proxy: "*" } });
    const files = readdirSync(folder);
    const geopackage = files.find((name) => name.endsWith(".gpkg"));
    report.check("curl: one building comes with its attributes", stdout.includes('"type":"Feature"') && stdout.includes('"properties"'));
    report.equal("curl: the tileset is one", JSON.parse(readFileSync(join(folder, "tileset.json"), "utf8")).asset.version, "1.1");
    report.equal("curl: the GeoPackage is one", readFileSync(join(folder, geopackage)).toString("latin1", 0, 15), "SQLite format 3");
    report.check("curl: the estimate counts blocks", /"blocks":\d{5,}/.test(stdout), /"blocks":\d+/.exec(stdout)?.[0] ?? stdout.slice(-300));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Loads a snippet as a page of its own. What it takes from other hosts comes from the packages that are installed here. */
async function showsTheCity(report, open, base, pages, name, html, wait) {
  const page = await open({ width: 800, height: 600 });
  let tiles = 0;
  page.on("response", (response) => {
    tiles += Number(response.url().startsWith(base) && /\.glb$/.test(response.url()) && response.ok());
  });
  await page.route(/^https:\/\/(cesium\.com|cdn\.jsdelivr\.net)\//, (route) => {
    const path = new URL(route.request().url()).pathname;
    const local = path
      .replace(/^\/downloads\/cesiumjs\/releases\/[\d.]+\//, "cesium/")
      .replace(/^\/npm\/([\w-]+)@([\d.]+)\//, (_, module) => `${module}/`);
    const file = join(MODULES, local);
    if (!existsSync(file) || !statSync(file).isFile()) return route.fulfill({ status: 404 });
    return route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] ?? "application/octet-stream", headers: { "access-control-allow-origin": "*" } });
  });
  // Chromium lets a page of the loopback address, and no page that was made up, load from there.
  await page.goto(`${pages}/pages/pixels.js`);
  await page.setContent(html, { waitUntil: "commit" });
  const end = Date.now() + 90_000;
  let seen = { colours: 0, spread: 0 };
  while (Date.now() < end && !(tiles > 3 && seen.colours > 60 && seen.spread > 5)) {
    await page.waitForTimeout(wait / 4);
    // Without what viewers put at the edges.
    seen = richness(middle(readPng(await page.screenshot({ path: made(`snippet-${name}.png`) }))));
  }
  report.check(`${name}: the city is seen`, tiles > 3 && seen.colours > 60 && seen.spread > 5, `${tiles} tiles, ${seen.colours} colours`);
  const errors = page.trouble.errors.filter((line) => !/favicon/.test(line));
  report.equal(`${name}: no error on the console`, errors, []);
  await page.context().close();
}

/**
 * GDAL reads what the snippet hands to QGIS. It follows absolute links alone, so this server is told its public address,
 * and then fills the snippets itself.
 */
async function asksAsQgis(report, text, base) {
  report.check("QGIS: the address is this server's", text.includes(`url='${base}/'`));
  if (!existsSync("/usr/bin/ogrinfo")) {
    console.log("# QGIS: ogrinfo is not installed (Debian: gdal-bin), so nothing was asked");
    return;
  }
  const server = await servedInPublic();
  try {
    const page = await (await fetch(`${server.address}?f=html&lang=en`)).text();
    const [, shown] = /data-snippet="qgis\.py".*?<code>(.*?)<\/code>/s.exec(page);
    const [, url, name] = /url='([^']+)' typename='([^']+)'/.exec(shown.replaceAll("&#39;", "'"));
    report.equal("QGIS: with a public address the server fills it in itself", url, server.address);
    const { stdout, stderr } = await call("ogrinfo", ["-so", `OAPIF:${url}`, name], { env: { ...process.env, no_proxy: "127.0.0.1" } });
    const count = Number(/Feature Count: (\d+)/.exec(stdout)?.[1] ?? -1);
    report.check("QGIS: GDAL counts the features at that address", count > 1000 && !stderr.includes("ERROR"), `${count} ${stderr}`);
  } finally {
    await server.stop();
  }
}

/** A server that knows its public address: that of a small proxy before it, because a port is known only when it is open. */
async function servedInPublic() {
  let target;
  const proxy = createServer((request, response) => {
    const onward = ask(`${target}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${proxy.address().port}/`;
  const child = spawn(program(), ["serve", store, "--listen", "127.0.0.1:0", "--public-url", address], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (text) => {
    log += text;
  });
  target = await new Promise((resolve, reject) => {
    child.on("exit", () => {
      // Left open it would keep this script from ending.
      proxy.close();
      reject(new Error(`the server ended:\n${log}`));
    });
    child.stdout.on("data", (text) => {
      const own = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (own) resolve(own[0]);
    });
  });
  return {
    address,
    stop: async () => {
      await stopped(child);
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** Runs the snippet in Blender and counts what it brought in. */
async function importsInBlender(report, text) {
  if (!existsSync("/usr/bin/blender")) {
    console.log("# Blender is not installed (Debian: blender), so its snippet was not run");
    return;
  }
  // Debian 12 pairs Blender 3.4, whose importer still says numpy.bool, with a NumPy that no longer does.
  const mend = "import numpy\nif 'bool' not in vars(numpy): numpy.bool = bool\n";
  const count = "\nprint('meshes', len([o for o in bpy.data.objects if o.type == 'MESH']))\n";
  const arguments_ = ["--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", mend + text + count];
  const { stdout } = await call("blender", arguments_, { env: { ...process.env, no_proxy: "127.0.0.1" }, maxBuffer: 1 << 26 });
  const meshes = Number(/meshes (\d+)/.exec(stdout)?.[1] ?? -1);
  report.check("Blender: the snippet brings in a part of the city", meshes > 20, `${meshes} meshes`);
}

/** Engines that are not here fetch a model: that there is one at the address is checked, and no more. */
async function fetchesAModel(report, name, text, base) {
  const [address] = text.match(/http:[^'"\s]+/) ?? [];
  const answer = await fetch(address);
  const bytes = Buffer.from(await answer.arrayBuffer());
  report.check(`${name}: a model is at the address`, address.startsWith(base) && answer.ok && bytes.toString("latin1", 0, 4) === "glTF", `${bytes.length} bytes`);
}

async function leadsSomewhere(report, name, text, base) {
  const [address] = text.match(/http:\S+/) ?? [];
  const tileset = await (await fetch(address)).json();
  const [, lat] = /Latitude ([\d.]+)/.exec(text) ?? [];
  report.check(`${name}: the address is a tileset of this server and the origin is in the city`, address.startsWith(base) && tileset.asset.version === "1.1" && Math.abs(lat - 60.17) < 0.02, `${address} ${lat}`);
}

async function speaksThreeLanguages(report, open, base) {
  const page = await open({ locale: "fi-FI" });
  await page.goto(base);
  report.equal("the browser's language is spoken", await page.getAttribute("html", "lang"), "fi");
  for (const [code, words] of [["sv", "Ta hem en blockvärld"], ["en", "Take home a block world"], ["fi", "Vie palikkamaailma kotiin"]]) {
    await page.click(`nav a[lang=${code}]`);
    const [language, text] = [await page.getAttribute("html", "lang"), await page.textContent("body")];
    report.check(`${code}: all words are there`, language === code && text.includes(words) && !text.includes("{{"));
  }
  await page.click(".door:last-child");
  await page.waitForSelector("body[data-state=ready]");
  report.equal("the third door leads to the blocks, in the same language", await page.getAttribute("html", "lang"), "fi");
  await page.context().close();
}

async function fitsSmallScreens(report, open, base) {
  const page = await open({ width: 320, height: 568, hasTouch: true, isMobile: true });
  await page.goto(`${base}/?lang=sv`);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  report.check("320 pixels are wide enough", width <= 320, `${width}`);
  await page.screenshot({ path: made("landing-small.png"), fullPage: true });
  await page.context().close();
}
