"""Region files and chunks without any library for the game: sectors, keys, packed numbers and heightmaps."""

import struct
import zlib

import amulet_nbt
import numpy as np

SECTOR = 4096
KEYS = {
    "DataVersion", "xPos", "zPos", "yPos", "Status", "LastUpdate", "InhabitedTime", "isLightOn", "sections",
    "block_entities", "block_ticks", "fluid_ticks", "PostProcessing", "Heightmaps", "structures",
}


def chunks(path):
    """Yields each chunk's coordinates within the region and its NBT, after checking the sectors."""
    data = path.read_bytes()
    assert len(data) % SECTOR == 0, f"{path}: not whole sectors"
    taken = set()
    for place in range(1024):
        (entry,) = struct.unpack_from(">I", data, place * 4)
        if entry == 0:
            continue
        first, count = entry >> 8, entry & 255
        sectors = set(range(first, first + count))
        assert first >= 2 and (first + count) * SECTOR <= len(data), f"{path}: chunk {place} outside the file"
        assert not sectors & taken, f"{path}: chunk {place} overlaps another"
        taken |= sectors
        length, kind = struct.unpack_from(">IB", data, first * SECTOR)
        assert kind == 2 and -(-(length + 4) // SECTOR) == count, f"{path}: chunk {place}, {length} bytes in {count} sectors"
        nbt = zlib.decompress(data[first * SECTOR + 5 : first * SECTOR + 4 + length])
        yield place % 32, place // 32, amulet_nbt.load(nbt, compressed=False).compound


def unpack(longs, bits, count):
    """Numbers of some bits, from the lowest bits of each long."""
    longs = np.asarray(longs).astype(np.uint64)
    each = 64 // bits
    shifts = np.arange(each, dtype=np.uint64) * np.uint64(bits)
    numbers = (longs[:, None] >> shifts) & np.uint64((1 << bits) - 1)
    return numbers.reshape(-1)[:count].astype(np.int64)


def blocks(chunk):
    """The chunk's states as text, as an array of numbers [y + 64, z, x] and the list they index."""
    states, arrays = [], []
    rows = {}
    for section in sorted(chunk["sections"], key=lambda section: int(section["Y"])):
        palette = []
        for state in section["block_states"]["palette"]:
            properties = ",".join(f"{k}={v}" for k, v in sorted(dict(state.get("Properties", {})).items()))
            text = str(state["Name"]) + (f"[{properties}]" if properties else "")
            palette.append(rows.setdefault(text, len(rows)))
        if len(palette) == 1:
            assert "data" not in section["block_states"]
            numbers = np.full(4096, palette[0])
        else:
            bits = max(4, (len(palette) - 1).bit_length())
            longs = section["block_states"]["data"].np_array
            assert len(longs) == -(-4096 // (64 // bits)), "a section's data has the wrong length"
            numbers = np.array(palette)[unpack(longs, bits, 4096)]
        arrays.append(numbers.reshape(16, 16, 16))
    states = sorted(rows, key=rows.get)
    return np.concatenate(arrays), states


def heightmaps(array, states):
    """What the four heightmaps must be, from the blocks alone: of [z, x], layers up to the highest that counts."""
    names = [state.partition("[")[0].removeprefix("minecraft:") for state in states]
    air = np.array([name == "air" for name in names])
    fluid = np.array([name == "water" for name in names])
    leaves = np.array([name.endswith("_leaves") for name in names])

    def top(counts):
        mask = counts[array]
        return np.where(mask.any(axis=0), array.shape[0] - np.argmax(mask[::-1], axis=0), 0)

    return {
        "WORLD_SURFACE": top(~air),
        "MOTION_BLOCKING": top(~air),
        "MOTION_BLOCKING_NO_LEAVES": top(~air & ~leaves),
        "OCEAN_FLOOR": top(~air & ~fluid),
    }
