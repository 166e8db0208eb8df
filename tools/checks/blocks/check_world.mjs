// A block world as prismarine reads it, against the exporter's own grid, and the palette against the game's blocks.
//
//     node check_world.mjs <world.zip> <grid.bin>
//
// Every fourth chunk is compared block by block, names and properties. Prints what was compared and exits with 1 when
// anything differs.

import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { unzipSync } from 'fflate'
import { Vec3 } from 'vec3'

const require = createRequire(import.meta.url)
const VERSION = '1.21.1'
const data = require('minecraft-data')(VERSION)
const registry = require('prismarine-registry')(VERSION)
const Block = require('prismarine-block')(registry)
const { Anvil } = require('prismarine-provider-anvil')

let differences = 0
function differs (message) {
  differences += 1
  if (differences <= 40) console.log('  DIFFERS:', message)
}

function readDump (path) {
  const bytes = readFileSync(path)
  if (bytes.toString('latin1', 0, 8) !== 'KORTGRID') throw new Error(`${path} is not a grid dump`)
  const length = bytes.readUInt32LE(8)
  const header = JSON.parse(bytes.toString('utf8', 12, 12 + length))
  const chunks = []
  for (let at = 12 + length; at < bytes.length;) {
    const size = bytes.readUInt32LE(at + 8)
    chunks.push({ x: bytes.readInt32LE(at), z: bytes.readInt32LE(at + 4), packed: bytes.subarray(at + 12, at + 12 + size) })
    at += 12 + size
  }
  return { ...header, chunks }
}

function checkPalette (states) {
  for (const state of states) {
    const [name, rest = ''] = state.replace('minecraft:', '').replace(']', '').split('[')
    const block = data.blocksByName[name]
    if (!block) {
      differs(`${name} is not a block of ${VERSION}`)
      continue
    }
    const given = rest.split(',').filter(Boolean).map(pair => pair.split('='))
    const known = new Map((block.states ?? []).map(known => [known.name, known]))
    for (const [property, value] of given) {
      const values = known.get(property)?.values ?? (known.get(property)?.type === 'bool' ? ['true', 'false'] : undefined)
      if (values === undefined || !values.map(String).includes(value)) differs(`${name} has no ${property}=${value}`)
    }
    if (known.size !== given.length) differs(`${name} has ${known.size} properties, ${given.length} are given`)
  }
  console.log(`minecraft-data: ${states.length} block states of ${VERSION}`)
}

/** A block state as the game's commands write it. */
const texts = new Map()
function text (stateId) {
  if (!texts.has(stateId)) {
    const block = Block.fromStateId(stateId, 0)
    const properties = Object.entries(block.getProperties()).map(([key, value]) => `${key}=${value}`).sort()
    texts.set(stateId, `minecraft:${block.name}${properties.length ? `[${properties.join(',')}]` : ''}`)
  }
  return texts.get(stateId)
}

async function checkChunks (folder, dump) {
  const world = new (Anvil(VERSION))(join(folder, 'region'))
  let blocks = 0; let count = 0; let signs = 0
  for (const [number, { x, z, packed }] of dump.chunks.entries()) {
    if (number % 4 !== 0) continue
    const chunk = await world.load(x, z)
    if (!chunk) {
      differs(`chunk ${x} ${z} is missing`)
      continue
    }
    const raw = inflateSync(packed)
    const numbers = new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2)
    const place = new Vec3(0, 0, 0)
    let wrong = 0; let example = ''
    for (let at = 0; at < numbers.length; at++) {
      place.x = at & 15; place.z = (at >> 4) & 15; place.y = (at >> 8) + dump.yMin
      const found = text(chunk.getBlockStateId(place))
      const mine = dump.states[numbers[at]]
      if (found === mine) continue
      if (found.startsWith('minecraft:oak_sign') && mine === 'minecraft:air') signs += 1
      else { wrong += 1; example = `${mine}, prismarine reads ${found} at ${place}` }
    }
    if (wrong) differs(`${wrong} blocks of chunk ${x} ${z}: ${example}`)
    blocks += numbers.length; count += 1
  }
  await world.close?.()
  console.log(`prismarine: ${count} of ${dump.chunks.length} chunks, ${blocks} blocks, ${signs} signs`)
}

const [zip, grid] = process.argv.slice(2)
if (!grid) {
  console.error('usage: node check_world.mjs <world.zip> <grid.bin>')
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'world-'))
try {
  mkdirSync(join(folder, 'region'))
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(zip), { filter: file => file.name.endsWith('.mca') }))) {
    writeFileSync(join(folder, 'region', basename(name)), bytes)
  }
  const dump = readDump(grid)
  checkPalette(dump.states)
  await checkChunks(folder, dump)
} finally {
  rmSync(folder, { recursive: true })
}
console.log(differences ? `${differences} differences` : 'no differences')
process.exit(differences ? 1 : 0)
