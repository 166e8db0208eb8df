"""Every JSON of a store against the official JSON schemas of OGC 3D Tiles 1.1.

    python3 schemas.py <store>

Checked are the pointer `tileset.json`, every external tileset, the metadata schema that `schemaUri` names, and in every
tile the property tables. The official schemas let unknown members pass; here a member that they do not know is an error,
so that a misspelt one cannot hide. Boxes of children, sums and the like are `kortteli verify`'s work.

The schemas are read from $KORTTELI_DATA/3d-tiles-schema or ../shared/data/3d-tiles-schema beside the working tree; where
they are not, the script says so and exits with 77.
"""

import json
import os
import struct
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[3]
BASE = "https://schemas.invalid/"
# These are open by their meaning: any member may stand in them.
OPEN = {"extras.schema.json", "extension.schema.json", "rootProperty.schema.json", "definitions.schema.json"}


def schema_folder():
    data = Path(os.environ.get("KORTTELI_DATA", ROOT.parent / "shared/data"))
    return data / "3d-tiles-schema/specification/schema"


class Schemas:
    """The official schemas, closed against unknown members."""

    def __init__(self, folder):
        resources = []
        for path in sorted(folder.rglob("*.schema.json")):
            schema = json.loads(path.read_text())
            schema.pop("$id", None)
            if path.name not in OPEN and schema.get("type", "object") == "object" and "properties" in schema:
                schema.setdefault("unevaluatedProperties", False)
            uri = BASE + path.relative_to(folder).as_posix()
            resources.append((uri, Resource.from_contents(schema, default_specification=DRAFT202012)))
        self.registry = Registry().with_resources(resources)
        self.count = len(resources)

    def errors(self, schema, document):
        validator = Draft202012Validator({"$ref": BASE + schema}, registry=self.registry)
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, errors):
        if errors:
            self.failed += 1
            print(f"not ok schemas: {what}: {'; '.join(errors[:5])}")
        else:
            self.passed += 1
            print(f"ok schemas: {what}")


def check_collection(schemas, collection, report):
    name = collection.name
    pointer = json.loads((collection / "tileset.json").read_text())
    report.check(f"{name}/tileset.json", schemas.errors("tileset.schema.json", pointer))
    external = 0
    errors = []
    for path in sorted((collection / "files").glob("*.json")):
        document = json.loads(path.read_text())
        if "geometricError" in document:
            external += 1
            errors += [f"{path.name} {error}" for error in schemas.errors("tileset.schema.json", document)]
    report.check(f"{name}: {external} external tilesets", errors or ([] if external else ["there is none"]))
    check_tiles(schemas, collection / "files", report, name)


def check_tiles(schemas, files, report, name):
    """The metadata schema of the tiles, and their property tables against it."""
    errors, tables = [], 0
    known = {}
    glbs = sorted(files.glob("*.glb"))
    for path in glbs:
        metadata = glb_json(path).get("extensions", {}).get("EXT_structural_metadata")
        if metadata is None:
            errors.append(f"{path.name}: no EXT_structural_metadata")
            continue
        uri = metadata.get("schemaUri")
        if uri not in known:
            target = (files / uri) if uri else None
            if target is None or not target.is_file():
                errors.append(f"{path.name}: schemaUri {uri} names no file")
                continue
            known[uri] = json.loads(target.read_text())
        for table in metadata.get("propertyTables", []):
            tables += 1
            errors += [f"{path.name} {e}" for e in schemas.errors("PropertyTable/propertyTable.schema.json", table)]
            errors += [f"{path.name}: {e}" for e in unknown_names(table, known[uri])]
    report.check(f"{name}: {tables} property tables in {len(glbs)} tiles", errors or ([] if tables else ["there is none"]))
    for uri, schema in known.items():
        report.check(f"{name}: metadata schema {uri}", schemas.errors("Schema/schema.schema.json", schema))


def unknown_names(table, schema):
    """The class of a table, and each of its properties, stand in the schema; required ones are there."""
    properties = schema["classes"].get(table["class"], {}).get("properties")
    if properties is None:
        return [f"class {table['class']} is not in the schema"]
    given = table.get("properties", {})
    missing = [f"required property {p} is missing" for p, d in properties.items() if d.get("required") and p not in given]
    return missing + [f"property {p} is not in class {table['class']}" for p in given if p not in properties]


def glb_json(path):
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", data)
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON"), path
    return json.loads(data[20 : 20 + size])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: schemas.py <store>")
    folder = schema_folder()
    if not folder.is_dir():
        print(f"SKIP the 3D Tiles schemas are not at {folder}; set KORTTELI_DATA to the folder of test data")
        sys.exit(77)
    schemas = Schemas(folder)
    report = Report()
    collections = sorted(path.parent for path in Path(sys.argv[1]).glob("*/tileset.json"))
    report.check(f"{sys.argv[1]} holds collections", [] if collections else ["there is none"])
    for collection in collections:
        check_collection(schemas, collection, report)
    # A check that cannot fail is none: a document with a misspelt member must be refused.
    wrong = {"asset": {"version": "1.1"}, "geometricError": 1, "root": {"geometricErrror": 0}}
    report.check("a misspelt tileset is refused", [] if schemas.errors("tileset.schema.json", wrong) else ["it passed"])
    print(f"# {schemas.count} schemas; {report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
