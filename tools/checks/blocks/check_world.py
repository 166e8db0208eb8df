"""A block world against other people's readers and against the CityGML it was made of.

    python3 check_world.py <world.zip> <grid.bin> [--gml buildings.gml.gz] [--store <store>/<collection>] [--buildings 20]

`grid.bin` is the exporter's own grid. Both come from

    kortteli blocks <store> --bbox 24.9400,60.1694,24.9533,60.1726 -o world.zip --dump-grid grid.bin

(a box with the cathedral and the station in it). Checked are

1. the files as bytes: sectors, keys, packed numbers, heightmaps recomputed from the blocks;
2. every block of the world as amulet-core reads it, and a sample as anvil-parser2 does, against the grid;
3. the anchor: where the origin of the tiles lies, by PROJ;
4. sample buildings voxelized from the CityGML (`buildings.py`): every cell of the boxes around them, solid or empty, roof
   or not. A cell may differ only where a face passes within TOLERANCE units (1/1024 m) of where it would change
   its mind, since tiles are exact to a millimetre; such cells are counted;
5. two landmarks by their coordinates: the cathedral's cross ends at 45.00 m, the station's tower at 52.50 m.

Prints what was compared and exits with 1 when anything differs.
"""

import argparse
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import buildings
import raw_region
from grid_dump import Dump, split_state

ROOT = Path(__file__).resolve().parents[3]
TOLERANCE = 1
LANDMARKS = ["osm_w419479428", "osm_w122595198"]
# Easting, northing and the height at which it ends.
TOPS = {"cathedral cross": (25497344.98, 6673056.25, 45.00), "station tower": (None, None, 52.50)}
TOWER = "osm_w396373370"
# Built in the air around buildings, and not from their surfaces.
PUT = ("_log", "_leaves", "_wall", "lantern", "_slab", "cauldron", "_sign")

failures = []


def expect(good, message):
    if not good:
        failures.append(message)
        if len(failures) <= 40:
            print("  DIFFERS:", message)



def check_files(folder, dump):
    compared = heights = signs = 0
    seen = set()
    rows = {state: row for row, state in enumerate(dump.states)}
    air = rows["minecraft:air"]
    for path in sorted(folder.glob("region/r.*.mca")):
        _, rx, rz, _ = path.name.split(".")
        for x, z, chunk in raw_region.chunks(path):
            at = (int(rx) * 32 + x, int(rz) * 32 + z)
            seen.add(at)
            expect(set(chunk.keys()) == raw_region.KEYS, f"keys of chunk {at}: {sorted(chunk.keys())}")
            expect((int(chunk["xPos"]), int(chunk["zPos"])) == at, f"chunk {at} says it is elsewhere")
            expect(int(chunk["DataVersion"]) == 3955 and int(chunk["yPos"]) == -4, f"version of chunk {at}")
            array, names = raw_region.blocks(chunk)
            theirs = np.array([rows.get(name, -1) for name in names])[array]
            # Signs are in the world and not in the grid.
            is_sign = np.array([name.startswith("minecraft:oak_sign") for name in names])[array]
            signs += int(is_sign.sum())
            expect(int(is_sign.sum()) == len(chunk["block_entities"]), f"signs of chunk {at}")
            wrong = np.where(is_sign, air, theirs) != dump.chunks[at]
            expect(not wrong.any(), f"{int(wrong.sum())} blocks of chunk {at} in the file")
            compared += array.size
            for name, expected in raw_region.heightmaps(array, names).items():
                found = raw_region.unpack(chunk["Heightmaps"][name].np_array, 9, 256).reshape(16, 16)
                expect((found == expected).all(), f"heightmap {name} of chunk {at}")
                heights += 256
    expect(seen == set(dump.chunks), f"chunks in files {len(seen)}, in the grid {len(dump.chunks)}")
    print(f"files: {len(seen)} chunks, {compared} blocks, {heights} heights, {signs} signs")


def check_amulet(folder, dump):
    import amulet

    level = amulet.load_level(str(folder))
    version = level.translation_manager.get_version("java", (1, 21, 1))
    # Amulet keeps water in a block as a second block, and has no property where there is none.
    mine_states = [split_state(state.replace(",waterlogged=false", "")) for state in dump.states]
    texts, compared, signs = {}, 0, 0

    def state(number):
        if number not in texts:
            block = version.block.from_universal(level.block_palette[number])[0]
            texts[number] = (block.namespaced_name, {k: v.py_str for k, v in block.properties.items()})
        return texts[number]

    for (x, z), grid in dump.chunks.items():
        chunk = level.get_chunk(x, z, "minecraft:overworld")
        for section in range(24):
            mine = grid[section * 16 : section * 16 + 16]
            cy = section + dump.y_min // 16
            if cy in chunk.blocks:
                theirs = np.asarray(chunk.blocks.get_sub_chunk(cy)).transpose(1, 2, 0)
            else:
                theirs = np.full((16, 16, 16), level.block_palette.get_add_block(amulet.api.block.UniversalAirBlock))
            pairs, counts = np.unique(mine.astype(np.int64) << 32 | theirs, return_counts=True)
            for pair, count in zip(pairs, counts):
                name, properties = mine_states[pair >> 32]
                found = state(int(pair & 0xFFFFFFFF))
                if found[0] == "minecraft:oak_sign" and name == "minecraft:air":
                    signs += count
                    continue
                expect(found == (name, properties), f"{count} blocks of chunk {x} {z}: {name} {properties}, amulet reads {found}")
            compared += mine.size
    level.close()
    print(f"amulet-core: {len(dump.chunks)} chunks, {compared} blocks in {len(dump.chunks) * 256} columns, {signs} signs")


def check_anvil_parser(folder, dump):
    import anvil

    compared = 0
    regions = {}
    for number, (x, z) in enumerate(sorted(dump.chunks)):
        if number % 8:
            continue
        name = f"r.{x >> 5}.{z >> 5}.mca"
        if name not in regions:
            regions[name] = anvil.Region.from_file(str(folder / "region" / name))
        chunk = anvil.Chunk.from_region(regions[name], x, z)
        for step in range(200):
            bx, by, bz = step * 7 % 16, step * 37 % 90 - 20, step * 11 % 16
            section = (by - dump.y_min) // 16 * 16
            grid = dump.chunks[x, z][section : section + 16]
            if (grid == grid[0, 0, 0]).all():
                continue  # 0.10.6 takes every section of one block for air
            mine = split_state(dump.states[dump.number(x * 16 + bx, by, z * 16 + bz)])[0]
            found = f"minecraft:{chunk.get_block(bx, by, bz).id}"
            expect(found == mine or found == "minecraft:oak_sign", f"{x * 16 + bx} {by} {z * 16 + bz}: {mine}, anvil-parser2 reads {found}")
            compared += 1
    print(f"anvil-parser2: {compared} blocks")


def check_anchor(about, store):
    from pyproj import Transformer

    tileset = json.loads((store / "tileset.json").read_text())
    x, y, z = tileset["root"]["transform"][12:15]
    lon, lat, _ = Transformer.from_crs(4978, 4979, always_xy=True).transform(x, y, z)
    epsg = about["horizontalCrs"].rpartition(":")[2]
    easting, northing = Transformer.from_crs(4258, int(epsg), always_xy=True).transform(lon, lat)
    expected = (int(easting // 512 * 512), int(northing // 512 * 512))
    expect((about["e0"], about["n0"]) == expected, f"anchor {about['e0']} {about['n0']}, PROJ says {expected}")
    print(f"anchor: e0 {about['e0']}, n0 {about['n0']}, the tiles' origin at {easting:.2f} {northing:.2f}")


def check_buildings(dump, about, gml, count, palette):
    anchor = about["e0"], about["n0"], about["heightOffset"]
    x0, z0, x1, z1 = about["blocks"]
    everything = buildings.read(gml)
    boxes = {}
    for key, surfaces in everything.items():
        points = np.concatenate([triangles.reshape(-1, 3) for _, _, triangles, _ in surfaces])
        blocks = buildings.to_blocks(points, anchor)
        boxes[key] = np.floor(blocks.min(axis=0)).astype(int) - 1, np.ceil(blocks.max(axis=0)).astype(int) + 1

    def inside(key):
        low, high = boxes[key]
        return low[0] >= x0 and high[0] <= x1 and low[2] >= z0 and high[2] <= z1

    names = buildings.chosen(everything, inside, count, LANDMARKS)
    near = {other for key in names for other in everything if touch(boxes[key], boxes[other])}
    shells, faces = {}, []
    for key in sorted(near):
        cells, settled = buildings.shell(everything[key], anchor)
        faces += settled
        for cell, role in cells.items():
            shells[cell] = max(shells.get(cell, 0), role)
    roofs = {f"minecraft:{name}" for name in palette["surfaces"]["RoofSurface"]}
    compared = solid = excused = 0
    margins = {}
    done = set()
    for key in names:
        low, high = boxes[key]
        # Ground lies at 4.00 m everywhere in the sample: its top block is 3. Buildings begin above.
        for y in range(max(low[1], 4 + anchor[2]), high[1] + 1):
            for z in range(low[2], high[2] + 1):
                for x in range(low[0], high[0] + 1):
                    cell = (x, y, z)
                    number = dump.number(*cell)
                    if number is None or cell in done:
                        continue
                    done.add(cell)
                    state = split_state(dump.states[number])[0]
                    has = state != "minecraft:air" and not state.endswith(PUT)
                    wants = cell in shells
                    compared += 1
                    solid += wants
                    if has != wants:
                        least = buildings.margin(cell, faces, wants, TOLERANCE)
                        expect(least is not None, f"{key} {cell}: world {state}, own voxelization {'solid' if wants else 'empty'}")
                        if least is not None:
                            excused += 1
                            margins[least] = margins.get(least, 0) + 1
                    elif wants and shells[cell] == buildings.ROLES["RoofSurface"]:
                        expect(state in roofs, f"{key} {cell}: {state} is no roof")
    print(f"buildings: {len(names)} of {sum(map(inside, everything))} inside, with {len(near) - len(names)} neighbours; {compared} cells, {solid} solid")
    print(f"  {excused} cells within {TOLERANCE} units of changing (units: cells {dict(sorted(margins.items()))})")
    print("  " + " ".join(names))
    expect(len(names) >= min(count, 1) and all(key in names for key in LANDMARKS if key in everything), "the landmarks are not inside the box")
    return everything


def touch(one, other):
    return all(one[0][axis] <= other[1][axis] and other[0][axis] <= one[1][axis] for axis in (0, 2))


def check_landmarks(dump, about, everything):
    e0, n0, offset = about["e0"], about["n0"], about["heightOffset"]
    tower = [triangles for part, _, triangles, _ in everything[LANDMARKS[1]] if part == TOWER]
    low, high = (getattr(np.concatenate(tower).reshape(-1, 3), name)(axis=0) for name in ("min", "max"))
    middle = (low + high) / 2
    for name, (easting, northing, top) in TOPS.items():
        if easting is None:
            easting, northing = middle[0], middle[1]
        x, z = int(np.floor(easting - e0)), int(np.floor(n0 - northing))
        y = int(np.ceil(top)) - 1 + offset
        here, above = (split_state(dump.states[dump.number(x, level, z)])[0] for level in (y, y + 1))
        expect(here != "minecraft:air" and above == "minecraft:air", f"{name} at {x} {y} {z}: {here}, above {above}")
        print(f"{name}: {top:.2f} m at block {x} {y} {z}: {here}, above {above}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("world", type=Path)
    parser.add_argument("grid", type=Path)
    parser.add_argument("--gml", type=Path, default=ROOT / "assets/samples/helsinki/helsinki-centre.gml.gz")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--buildings", type=int, default=20)
    options = parser.parse_args()
    dump = Dump(options.grid)
    palette = json.loads((ROOT / "assets/palettes/minecraft.json").read_text())
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(options.world) as archive:
            expect(archive.testzip() is None, "the zip is damaged")
            archive.extractall(temporary)
        (folder,) = Path(temporary).iterdir()
        about = json.loads((folder / "kortteli.json").read_text())
        expect(bool(about["attribution"]), "nobody is credited")
        check_files(folder, dump)
        check_amulet(folder, dump)
        check_anvil_parser(folder, dump)
    if options.store:
        check_anchor(about, options.store)
    if options.buildings:
        everything = check_buildings(dump, about, options.gml, options.buildings, palette)
        check_landmarks(dump, about, everything)
    print("no differences" if not failures else f"{len(failures)} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
