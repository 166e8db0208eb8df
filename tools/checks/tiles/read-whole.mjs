// CesiumGS' 3d-tiles-tools as an independent reader of a whole tileset.
//
// None of its commands does this: `analyze` takes one tile, `convert` and `combine` copy contents without looking into
// them. So its library is driven: its traversal follows every tile and external tileset, its glTF reader (glTF-Transform
// with the meshopt decoder) decodes every mesh, and its property-table model reads every row of every table.

import { dirname } from "node:path";
import {
  BinaryBufferDataResolver, BinaryPropertyTableModel, GltfTransform, GltfUtilities, ResourceResolvers, TilesetTraverser,
} from "3d-tiles-tools";

/** `{ errors, summary }` of the tileset in a folder. */
export async function readWhole(folder) {
  const found = { errors: [], tiles: 0, contents: 0, triangles: 0, rows: 0, leafIds: new Map() };
  const resolver = ResourceResolvers.createFileResourceResolver(folder);
  const tileset = JSON.parse(await resolver.resolveData("tileset.json"));
  const traverser = new TilesetTraverser(folder, resolver, { depthFirst: true, traverseExternalTilesets: true });
  await traverser.traverse(tileset, async (traversed) => {
    found.tiles += 1;
    const leaf = (await traversed.getChildren()).length === 0;
    for (const { uri } of traversed.getFinalContents().filter((content) => !content.uri.endsWith(".json"))) {
      found.contents += 1;
      const where = `${traversed.path} ${uri}`;
      try {
        await readTile(traversed.getResourceResolver(), uri, leaf, found, where);
      } catch (error) {
        found.errors.push(`${where}: ${error.message}`);
      }
    }
    return true;
  });
  if (found.contents === 0) found.errors.push("there is no content");
  const summary = `${found.tiles} tiles, ${found.contents} contents, ${found.triangles} triangles, ${found.rows} rows, ${found.leafIds.size} features in leaves`;
  return { errors: found.errors, summary, found };
}

async function readTile(resolver, uri, leaf, found, where) {
  const glb = await resolver.resolveData(uri);
  if (!glb) throw new Error("cannot be read");
  const io = await GltfTransform.getIO();
  const document = await io.readBinary(glb);
  let rows = 0;
  for (const table of await propertyTables(resolver.derive(dirname(uri)), glb)) {
    if (table.class === "feature") rows = readRows(table.model, leaf, found, where);
  }
  for (const primitive of document.getRoot().listMeshes().flatMap((mesh) => mesh.listPrimitives())) {
    found.triangles += primitive.getIndices().getCount() / 3;
    checkPrimitive(primitive, rows, where, found.errors);
  }
}

/** Every corner names a vertex, every vertex a row of the table, and no coordinate is infinite. */
function checkPrimitive(primitive, rows, where, errors) {
  const positions = primitive.getAttribute("POSITION");
  const ids = primitive.getAttribute("_FEATURE_ID_0");
  if (!ids) return errors.push(`${where}: a primitive without _FEATURE_ID_0`);
  const highest = primitive.getIndices().getArray().reduce((a, b) => Math.max(a, b), 0);
  if (highest >= positions.getCount()) errors.push(`${where}: an index past the vertices`);
  if (!positions.getArray().every(Number.isFinite)) errors.push(`${where}: a position is not a number`);
  const last = ids.getArray().reduce((a, b) => Math.max(a, b), 0);
  if (last >= rows) errors.push(`${where}: feature row ${last} of ${rows}`);
  return undefined;
}

/** The property tables of a tile, as 3d-tiles-tools models them. */
async function propertyTables(resolver, glb) {
  const { jsonData, binData } = GltfUtilities.extractDataFromGlb(glb);
  const gltf = JSON.parse(jsonData);
  const { propertyTables: tables = [], schema: embedded, schemaUri } = gltf.extensions.EXT_structural_metadata;
  const schema = embedded ?? JSON.parse(await resolver.resolveData(schemaUri));
  const binaryBufferData = await BinaryBufferDataResolver.resolve(gltf, binData, resolver);
  return tables.map((propertyTable) => {
    const binaryMetadata = {
      metadataClass: schema.classes[propertyTable.class],
      binaryEnumInfo: { enumValueTypes: {}, enumValueNameValues: {}, enumValueValueNames: {} },
      binaryBufferStructure: gltf,
      binaryBufferData,
    };
    return { class: propertyTable.class, model: new BinaryPropertyTableModel({ propertyTable, binaryMetadata }) };
  });
}

function readRows(model, leaf, found, where) {
  const count = model.getCount();
  for (let row = 0; row < count; row += 1) {
    const entity = model.getMetadataEntityModel(row);
    for (const name of model.getPropertyNames()) entity.getPropertyValue(name);
    const id = entity.getPropertyValue("id");
    if (!id) found.errors.push(`${where}: row ${row} has no id`);
    if (leaf) found.leafIds.set(id, where);
  }
  found.rows += count;
  return count;
}
