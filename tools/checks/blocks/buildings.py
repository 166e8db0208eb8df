"""Voxelizes buildings straight from the CityGML, knowing nothing of tiles and nothing of the exporter's code.

The rules that a world follows, as the documentation tells them:

* x = easting - e0, y = height + offset, z = n0 - northing; 1024 units a block, rounded to whole units, and a coordinate
  within 2 units (2 mm) of a cell's face is put on it;
* a triangle occupies the cells whose open inside it meets; one that lies in the plane between two layers occupies the
  layer behind it (the side its normal does not point to).

Here every cell of a triangle's box is asked with all 13 axes at once, in 64-bit integers: slow and plain.
"""

import gzip
import hashlib

import mapbox_earcut
import numpy as np
from lxml import etree

UNITS = 1024
CAPTURE = 2
BLDG = "{http://www.opengis.net/citygml/building/2.0}"
GML = "{http://www.opengis.net/gml}"
ROLES = {
    "RoofSurface": 4, "WallSurface": 3, "OuterFloorSurface": 2, "OuterCeilingSurface": 1, "GroundSurface": 0,
}


def ring(element):
    numbers = np.array(element.findtext(f".//{GML}posList").split(), dtype=float).reshape(-1, 3)
    return numbers[:-1]


def triangles_of(polygon):
    """A polygon with holes as triangles [n, 3, 3], and its normal."""
    rings = [ring(polygon.find(f"{GML}exterior"))] + [ring(hole) for hole in polygon.findall(f"{GML}interior")]
    outer = rings[0]
    normal = np.zeros(3)
    for here, there in zip(outer, np.roll(outer, -1, axis=0)):  # Newell
        normal += np.cross(here - outer[0], there - outer[0])
    drop = int(np.argmax(np.abs(normal)))
    keep = [axis for axis in range(3) if axis != drop]
    points = np.concatenate(rings)
    flat = points[:, keep] - points[0, keep]
    ends = np.cumsum([len(one) for one in rings]).astype(np.uint32)
    rows = mapbox_earcut.triangulate_float64(flat, ends).reshape(-1, 3).astype(int)
    return points[rows], normal


def read(path):
    """id -> list of (part id, role, triangles, normal) of every top-level building; LoD2 surfaces."""
    opener = gzip.open if str(path).endswith(".gz") else open
    found = {}
    with opener(path, "rb") as file:
        for _, building in etree.iterparse(file, tag=f"{BLDG}Building", huge_tree=True):
            surfaces = []
            for bounded in building.iter(f"{BLDG}boundedBy"):
                part = bounded.getparent().get(f"{GML}id")
                surface = bounded[0]
                role = etree.QName(surface).localname
                for polygon in surface.iterfind(f"{BLDG}lod2MultiSurface//{GML}Polygon"):
                    surfaces.append((part, role, *triangles_of(polygon)))
            found[building.get(f"{GML}id")] = surfaces
            building.clear()
    return found


def to_blocks(points, anchor):
    e0, n0, offset = anchor
    points = np.asarray(points)
    return np.stack([points[..., 0] - e0, points[..., 2] + offset, n0 - points[..., 1]], axis=-1)


def snap(blocks):
    units = np.floor(blocks * UNITS + 0.5).astype(np.int64)
    above = units % UNITS
    units = np.where(above <= CAPTURE, units - above, units)
    return np.where(above >= UNITS - CAPTURE, units + UNITS - above, units)


def settle(corners, normal):
    """A triangle in units, moved half a cell inward if it lies between two layers; None without area.

    `normal` is its polygon's in the axes of the world: rounding may turn a sliver over."""
    if not np.cross(corners[1] - corners[0], corners[2] - corners[0]).any():
        return None
    corners = corners.copy()
    for axis in range(3):
        numbers = corners[:, axis]
        if (numbers == numbers[0]).all() and numbers[0] % UNITS == 0:
            corners[:, axis] += -UNITS // 2 if normal[axis] > 0 else UNITS // 2
    return corners


def meets(corners, cells, grow=0):
    """Which of the cells [n, 3] a settled triangle meets; `grow` units are added to every side of them."""
    base = cells[0]
    corners = corners - base * UNITS
    low = (cells - base) * UNITS - grow
    size = UNITS + 2 * grow
    edges = np.roll(corners, -1, axis=0) - corners
    axes = [np.eye(3, dtype=np.int64)[axis] for axis in range(3)]
    axes.append(np.cross(edges[0], edges[1]))
    axes += [np.cross(unit, edge) for unit in np.eye(3, dtype=np.int64) for edge in edges]
    inside = np.ones(len(cells), dtype=bool)
    for axis in axes:
        if not axis.any():
            continue
        of_triangle = corners @ axis
        of_cell = low @ axis
        least = np.minimum(axis, 0).sum() * size
        most = np.maximum(axis, 0).sum() * size
        inside &= (of_cell + least < of_triangle.max()) & (of_cell + most > of_triangle.min())
    return inside


def box_of(corners, grow=0):
    """Every cell that the triangle's box, grown by some units, may touch."""
    low = (corners.min(axis=0) - grow - 1) // UNITS
    high = (corners.max(axis=0) + grow + 1) // UNITS
    return np.stack(np.meshgrid(*[np.arange(a, b + 1) for a, b in zip(low, high)], indexing="ij"), -1).reshape(-1, 3)


def shell(surfaces, anchor):
    """cell -> greatest role; and the triangles for later questions."""
    cells, settled = {}, []
    for _, role, triangles, (east, north, up) in surfaces:
        for corners in snap(to_blocks(triangles, anchor)):
            corners = settle(corners, (east, up, -north))
            if corners is None:
                continue
            settled.append(corners)
            box = box_of(corners)
            for cell in map(tuple, box[meets(corners, box)]):
                cells[cell] = max(cells.get(cell, 0), ROLES[role])
    return cells, settled


def margin(cell, settled, occupied, limit):
    """The least number of units by which a face must move to change whether the cell is occupied; None if above limit."""
    one = np.array([cell])
    low, high = one[0] * UNITS - limit - 1, (one[0] + 1) * UNITS + limit + 1
    near = [t for t in settled if (t.max(axis=0) >= low).all() and (t.min(axis=0) <= high).all()]
    for grow in range(limit + 1):
        met = any(meets(corners, one, -grow if occupied else grow)[0] for corners in near)
        if met != occupied:
            return grow
    return None


def chosen(buildings, inside, count, wanted):
    """The wanted buildings and others, up to count, in the order of a hash of their ids: the same ones every time."""
    rest = sorted((b for b in buildings if inside(b) and b not in wanted), key=lambda b: hashlib.sha256(b.encode()).digest())
    return [b for b in wanted if inside(b)] + rest[: count - len(wanted)]
