// An extract in three.js: its GLTFLoader parses the file and measures the objects.
//
//   node three.mjs <file.glb> <id>...  ->  {id: {width, height, x, y, z, name, layer, attributes}}

import { readFileSync } from "node:fs";
import { Box3, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const [file, ...ids] = process.argv.slice(2);
const bytes = readFileSync(file);
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const gltf = await new GLTFLoader().parseAsync(buffer, "");
gltf.scene.updateMatrixWorld(true);

const found = {};
for (const id of ids) {
  // The loader takes some letters out of names; the ids are among the attributes.
  const objects = [];
  gltf.scene.traverse((object) => object.userData.id === id && objects.push(object));
  if (objects.length !== 1) throw new Error(`${id} is there ${objects.length} times`);
  const [object] = objects;
  const points = [];
  object.traverse((part) => {
    const positions = part.geometry?.attributes.position;
    const index = part.geometry?.index;
    for (let i = 0; i < (index?.count ?? 0); i += 1) {
      points.push(new Vector3().fromBufferAttribute(positions, index.getX(i)).applyMatrix4(part.matrixWorld));
    }
  });
  const unique = [...new Map(points.map((p) => [`${p.x},${p.z}`, p])).values()];
  let width = 0;
  for (const a of unique) for (const b of unique) width = Math.max(width, Math.hypot(a.x - b.x, a.z - b.z));
  const box = new Box3().setFromPoints(points);
  const middle = box.getCenter(new Vector3());
  found[id] = {
    width, height: box.max.y - box.min.y, x: middle.x, y: box.min.y, z: middle.z,
    name: object.name, layer: object.parent.name, attributes: object.userData,
  };
}
console.log(JSON.stringify({ copyright: gltf.asset.copyright, objects: found }));
