// The rows of a tile's property table, read from the bytes as the extension EXT_structural_metadata says, by nobody else's code.

const COMPONENTS = {
  INT8: ["getInt8", 1], UINT8: ["getUint8", 1], INT16: ["getInt16", 2], UINT16: ["getUint16", 2],
  INT32: ["getInt32", 4], UINT32: ["getUint32", 4], FLOAT32: ["getFloat32", 4], FLOAT64: ["getFloat64", 8],
};

/** The rows of the table of class `feature`; what is absent is `undefined`. */
export async function readRows(url) {
  const glb = Buffer.from(await (await fetch(url)).arrayBuffer());
  const length = glb.readUInt32LE(12);
  const gltf = JSON.parse(glb.subarray(20, 20 + length).toString("utf8"));
  const { propertyTables, schemaUri } = gltf.extensions.EXT_structural_metadata;
  const schema = await (await fetch(new URL(schemaUri, url))).json();
  const table = propertyTables.find((candidate) => candidate.class === "feature");
  const view = (number) => {
    const { byteOffset = 0, byteLength } = gltf.bufferViews[number];
    const start = glb.byteOffset + 20 + length + 8 + byteOffset;
    return new DataView(glb.buffer, start, byteLength);
  };
  const rows = Array.from({ length: table.count }, () => ({}));
  for (const [name, column] of Object.entries(table.properties)) {
    const definition = schema.classes.feature.properties[name];
    const value = definition.type === "STRING" ? strings(column, view) : numbers(definition, view(column.values));
    rows.forEach((row, number) => {
      const read = value(number);
      if (read !== definition.noData) row[name] = read;
    });
  }
  return rows;
}

function strings({ values, stringOffsets, stringOffsetType = "UINT32" }, view) {
  const [text, offset] = [view(values), numbers({ componentType: stringOffsetType }, view(stringOffsets))];
  const bytes = new Uint8Array(text.buffer, text.byteOffset, text.byteLength);
  return (row) => new TextDecoder().decode(bytes.subarray(offset(row), offset(row + 1)));
}

function numbers({ componentType }, view) {
  const [method, size] = COMPONENTS[componentType];
  return (row) => view[method](row * size, true);
}
