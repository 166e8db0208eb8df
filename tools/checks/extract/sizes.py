"""What CityGML says of buildings: how wide, how high, where. For other programs to be held against.

    python3 sizes.py <city.gml.gz> <id>...  ->  {id: {"width": m, "height": m, "easting": m, "northing": m}}

Width is the farthest that two points of a building are apart on the map, which does not depend on where north is; its
place is the middle of its bounding box. Of several levels of detail only the highest counts. Standard library alone.
"""

import gzip
import json
import math
import re
import sys


def points(text):
    if "<bldg:lod2" in text:
        text = re.sub(r"<bldg:(lod[01]\w+)>.*?</bldg:\1>", "", text, flags=re.S)
    found = []
    for numbers in re.findall(r"<gml:posList[^>]*>([^<]*)<", text):
        flat = [float(number) for number in numbers.split()]
        found += zip(flat[::3], flat[1::3], flat[2::3])
    return sorted(set(found))


def size(corners):
    flat = sorted({(e, n) for e, n, _ in corners})
    heights = [height for _, _, height in corners]
    eastings, northings = [e for e, _ in flat], [n for _, n in flat]
    return {
        "width": max(math.dist(a, b) for a in flat for b in flat),
        "height": max(heights) - min(heights),
        "easting": (min(eastings) + max(eastings)) / 2,
        "northing": (min(northings) + max(northings)) / 2,
    }


def main():
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as file:
        city = file.read()
    sizes = {}
    for building in sys.argv[2:]:
        begin = city.index(f'<bldg:Building gml:id="{building}"')
        sizes[building] = size(points(city[begin : city.index("</bldg:Building>", begin)]))
    json.dump(sizes, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
