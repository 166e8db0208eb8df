"""Reads the exporter's own grid: the format is told in tools/blocks/src/grid_dump.rs."""

import json
import struct
import zlib

import numpy as np


class Dump:
    """`states[n]` are block states as text; `chunks[x, z]` are arrays [y + 64, z, x] of their numbers."""

    def __init__(self, path):
        with open(path, "rb") as file:
            if file.read(8) != b"KORTGRID":
                raise SystemExit(f"{path} is not a grid dump")
            (length,) = struct.unpack("<I", file.read(4))
            header = json.loads(file.read(length))
            self.states = header["states"]
            self.y_min = header["yMin"]
            self.area = header["area"]
            self.chunks = {}
            while True:
                head = file.read(12)
                if not head:
                    break
                x, z, length = struct.unpack("<iiI", head)
                numbers = np.frombuffer(zlib.decompress(file.read(length)), dtype="<u2")
                self.chunks[x, z] = numbers.reshape(header["height"], 16, 16)
        if len(self.chunks) != header["chunks"]:
            raise SystemExit(f"{path} holds {len(self.chunks)} chunks and promises {header['chunks']}")

    def number(self, x, y, z):
        chunk = self.chunks.get((x >> 4, z >> 4))
        return None if chunk is None else int(chunk[y - self.y_min, z & 15, x & 15])


def split_state(text):
    """`minecraft:oak_log[axis=y]` as its name and its properties."""
    name, _, rest = text.partition("[")
    return name, dict(pair.split("=") for pair in rest.rstrip("]").split(",") if pair)
