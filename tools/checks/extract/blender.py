"""An extract in Blender: its importer reads the file and measures the objects.

    blender --background --factory-startup --python-exit-code 1 --python blender.py -- <file.glb> <out.json> <id>...

Blender's axes are x east, y north, z up; they are written as the file's.
"""

import json
import math
import sys

import numpy

# Debian 12 pairs Blender 3.4, whose importer still says numpy.bool, with a NumPy that no longer does.
if "bool" not in vars(numpy):
    numpy.bool = bool

import bpy  # noqa: E402

file, out, *ids = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=file)
found = {}
for building in ids:
    item = bpy.data.objects[building]
    places = [item.matrix_world @ vertex.co for vertex in item.data.vertices]
    flat = sorted({(place.x, place.y) for place in places})
    low = [min(place[axis] for place in places) for axis in range(3)]
    high = [max(place[axis] for place in places) for axis in range(3)]
    found[building] = {
        "width": max(math.dist(a, b) for a in flat for b in flat),
        "height": high[2] - low[2],
        "x": (low[0] + high[0]) / 2,
        "y": low[2],
        "z": -(low[1] + high[1]) / 2,
        "name": item.name,
        "layer": item.parent.name,
        "attributes": {key: item[key] for key in item.keys() if isinstance(item[key], (str, int, float))},
    }
with open(out, "w", encoding="utf-8") as answer:
    json.dump({"objects": found}, answer)
