"""GDAL asks the server what it asks the GeoPackage itself, and both must say the same.

    gdal.py <kortteli> <store> <folder for logs>
"""

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from server import Server

PROGRAM, STORE, MADE = sys.argv[1:4]
failed = 0


def judge(what, good, why=""):
    global failed
    print(f"{'ok' if good else 'not ok'} features: {what}" + ("" if good else f": {why}"))
    failed += not good


def run(*command):
    # A proxy of the machine's is not for its own servers.
    environment = {**os.environ, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    if done.returncode != 0 or "ERROR" in done.stderr:
        judge(" ".join(command[:2]), False, done.stderr[-2000:])
    return done.stdout


def ids(*arguments):
    rows = csv.DictReader(io.StringIO(run("ogr2ogr", "-f", "CSV", "/vsistdout/", *arguments, "-select", "id")))
    return sorted(row["id"] for row in rows)


def main():
    if not shutil.which("ogrinfo"):
        print("GDAL's ogrinfo is not installed (Debian: gdal-bin)")
        sys.exit(77)
    directory = next(Path(STORE).glob("*/tileset.json")).parent
    name = directory.name
    pointer = json.loads((directory / "tileset.json").read_text())["asset"]["extras"]["kortteli"]
    manifest = json.loads((directory / pointer["manifest"]).read_text())
    package = str(directory / pointer["features"])
    database = sqlite3.connect(f"file:{package}?mode=ro", uri=True)
    layers = [row[0] for row in database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]
    count = sum(database.execute(f'SELECT count(*) FROM "{layer}"').fetchone()[0] for layer in layers)

    with Server(PROGRAM, STORE, f"{MADE}/gdal.log") as server:
        source = f"OAPIF:{server.proxy.address}"
        told = run("ogrinfo", "-ro", "-al", "-so", source)
        found = re.search(r"Feature Count: (\d+)", told)
        judge(f"GDAL counts {count} features", found and int(found[1]) == count, told)
        extent = re.search(r"Extent: \((\S+), (\S+)\) - \((\S+), (\S+)\)", told)
        west, south, _, east, north, _ = manifest["extent"]
        near = extent and all(
            abs(float(a) - b) < 1e-6 for a, b in zip(extent.groups(), (west, south, east, north), strict=True)
        )
        judge("GDAL sees the extent of the manifest", near, told)

        example = manifest["example"]
        title = next(
            row[0]
            for layer in layers
            for row in database.execute(f'SELECT name FROM "{layer}" WHERE id = ?', (example,))
        )
        told = run("ogrinfo", "-ro", "-al", "-q", source, "-where", f"id='{example}'")
        judge("GDAL reads the name of the highest building", f"name (String) = {title}" in told, told)

        everything = ids(source, name)
        judge("GDAL follows the pages to their end", len(set(everything)) == len(everything) == count, len(everything))

        box = [west + (east - west) * 0.4, south + (north - south) * 0.4]
        box += [west + (east - west) * 0.5, south + (north - south) * 0.5]
        spatial = ["-spat", *(f"{number:.7f}" for number in box)]
        expected = sorted(one for layer in layers for one in ids(package, layer, *spatial))
        server.proxy.asked.clear()
        found = ids(source, name, *spatial)
        judge(f"-spat finds {len(expected)} features", 0 < len(expected) < count and found == expected, (found, expected))
        asked = "\n".join(server.proxy.asked)
        judge("the box reached the server", "bbox=" in asked, asked)

        expected = sorted(
            row[0] for layer in layers for row in database.execute(f'SELECT id FROM "{layer}" WHERE measured_height > 40')
        )
        server.proxy.asked.clear()
        found = ids(source, name, "-where", "measuredHeight > 40")
        judge(f"-where finds {len(expected)} features", 0 < len(expected) < count and found == expected, (found, expected))
        asked = "\n".join(server.proxy.asked)
        judge("the condition reached the server", "filter=" in asked, asked)

    # A line is written after its answer: only when the server has stopped is the last one there.
    lines = [line for line in server.logged().splitlines() if "/collections/{collectionId}/items" in line]
    for parameter in ("bbox", "filter"):
        named = [line for line in lines if re.search(rf"\b{parameter}\b", line)]
        judge(f"the server's log names {parameter}", named, lines[-1:])
    judge("and tells nothing of its value", "measuredHeight" not in server.logged(), "it does")
    judge("the server stopped in good order", server.process.returncode == 0, server.process.returncode)


main()
sys.exit(1 if failed else 0)
