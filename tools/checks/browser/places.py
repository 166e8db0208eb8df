"""Writes places.json: points on roofs, straight from the CityGML sample.

The browser checks pick buildings in tiles. What they expect must not come from the tiles, so this script reads the
CityGML file with a plain XML parser, projects with PROJ and adds the geoid height, all without the project's own code.

    pip install pyproj shapely lxml
    python3 places.py ../../../assets/samples/helsinki/helsinki-centre.gml.gz ../../../assets/geoid/geoid-n2000-helsinki.asc

Each point is the centre of the largest circle that fits on a flat roof of the building with nothing above it, so that
a ray from straight above must meet that building first.
"""

import gzip
import json
import sys
from pathlib import Path

from lxml import etree
from pyproj import Transformer
from shapely import Polygon, maximum_inscribed_circle
from shapely.ops import unary_union

GML = "{http://www.opengis.net/gml}"
BLDG = "{http://www.opengis.net/citygml/building/2.0}"
GEN = "{http://www.opengis.net/citygml/generics/2.0}"

WANTED = [
    "osm_w419479428",  # Helsinki Cathedral
    "osm_w122595198",  # Helsinki Central Railway Station
    "osm_w122595241",  # Stockmann
    "osm_w8042215",  # Museum of Modern Art Kiasma
    "osm_w122595236",  # Sanomatalo
]


def generic(building, name):
    """The value of a generic attribute of the building itself."""
    for attribute in building.findall(GEN + "stringAttribute"):
        if attribute.get("name") == name:
            return attribute.findtext(GEN + "value")
    return None


def polygons(surface):
    for polygon in surface.iter(GML + "Polygon"):
        rings = []
        for ring in polygon.iter(GML + "posList"):
            numbers = [float(word) for word in ring.text.split()]
            rings.append(list(zip(numbers[0::3], numbers[1::3], numbers[2::3])))
        yield rings


def roofs(building):
    """(id of the building or part, plan polygon, lowest z, highest z) of every roof polygon."""
    for roof in building.iter(BLDG + "RoofSurface"):
        owner = roof.getparent().getparent().get(GML + "id")
        for rings in polygons(roof):
            plan = Polygon([p[:2] for p in rings[0]], [[p[:2] for p in hole] for hole in rings[1:]])
            heights = [p[2] for p in rings[0]]
            yield owner, plan.buffer(0), min(heights), max(heights)


def geoid_height(path, longitude, latitude):
    lines = Path(path).read_text().split("\n")
    header = {key.lower(): float(value) for key, value in (line.split() for line in lines[:6] if line[0].isalpha())}
    rows = [[float(word) for word in line.split()] for line in lines[len(header) :] if line]
    x = (longitude - header["xllcenter"]) / header["cellsize"]
    y = header["nrows"] - 1 - (latitude - header["yllcenter"]) / header["cellsize"]
    column, row = int(x), int(y)
    u, v = x - column, y - row
    top = rows[row][column] * (1 - u) + rows[row][column + 1] * u
    bottom = rows[row + 1][column] * (1 - u) + rows[row + 1][column + 1] * u
    return top * (1 - v) + bottom * v


def best_point(building, everything):
    best = None
    for owner, plan, low, high in roofs(building):
        if high - low > 0.01 or plan.area < 20:
            continue
        above = unary_union([p for _, p, _, top in everything if top > high + 0.01 and p.intersects(plan)])
        free = plan.difference(above)
        if free.is_empty:
            continue
        line = maximum_inscribed_circle(free)
        if best is None or line.length > best[2]:
            best = (owner, line.coords[0], line.length, high)
    return best


def main(sample, geoid):
    tree = etree.parse(gzip.open(sample) if sample.endswith(".gz") else sample)
    buildings = {b.get(GML + "id"): b for b in tree.iter(BLDG + "Building")}
    everything = [roof for building in buildings.values() for roof in roofs(building)]
    to_degrees = Transformer.from_crs(3879, 4258, always_xy=True)
    places = []
    for wanted in WANTED:
        building = buildings[wanted]
        owner, (east, north), radius, height = best_point(building, everything)
        longitude, latitude = to_degrees.transform(east, north)
        places.append(
            {
                "building": wanted,
                "part": owner if owner != wanted else None,
                "name": building.findtext(GML + "name"),
                "names": {language: generic(building, f"name:{language}") for language in ("fi", "sv", "en")},
                "architect": generic(building, "architect"),
                "measuredHeight": float(building.findtext(BLDG + "measuredHeight")),
                "longitude": round(longitude, 8),
                "latitude": round(latitude, 8),
                "height": round(height + geoid_height(geoid, longitude, latitude), 3),
                "roofHeight": height,
                "clearRadius": round(radius, 2),
                "eastingNorthing": [round(east, 3), round(north, 3)],
            }
        )
    Path(__file__).with_name("places.json").write_text(json.dumps(places, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
