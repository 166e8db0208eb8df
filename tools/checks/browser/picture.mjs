// Comparing pictures as an eye does.
//
// Two software renderers, or two versions of one, never agree on every pixel: edges are sampled differently and colours
// are rounded differently. So both pictures are blurred a little (a Gaussian of 1.5 pixels, what an eye makes of a
// screen), taken to CIE L*a*b*, where a distance of 1 is just visible, and compared by
//
//   mean    the mean distance: the picture as a whole, its light and colours
//   worst   the mean distance in the worst of 16 x 9 blocks: one missing building in a large city
//   ssim    the mean structural similarity of L* (Wang et al. 2004, 8 x 8 windows): edges and their order
//
// Thresholds are in `ALIKE`; README.md says what was measured to set them.

import { readFileSync, writeFileSync } from "node:fs";
import { PNG } from "pngjs";

export const ALIKE = { mean: 0.6, worst: 3, ssim: 0.98 };

export function readPng(fileOrBytes) {
  return PNG.sync.read(Buffer.isBuffer(fileOrBytes) ? fileOrBytes : readFileSync(fileOrBytes));
}

export function writePng(file, { width, height, data }) {
  writeFileSync(file, PNG.sync.write(Object.assign(new PNG({ width, height }), { data: Buffer.from(data) })));
}

/** A picture as three planes of L*, a*, b*, blurred in linear light. */
function toLab({ width, height, data }) {
  const planes = [0, 1, 2].map((channel) => {
    const plane = new Float32Array(width * height);
    for (let i = 0; i < plane.length; i += 1) plane[i] = LINEAR[data[i * 4 + channel]];
    return blur(plane, width, height);
  });
  for (let i = 0; i < planes[0].length; i += 1) {
    const lab = labOf(planes[0][i], planes[1][i], planes[2][i]);
    for (const axis of [0, 1, 2]) planes[axis][i] = lab[axis];
  }
  return planes;
}

const LINEAR = Float32Array.from({ length: 256 }, (_, value) => {
  const s = value / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});

function labOf(r, g, b) {
  const f = (t) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function blur(plane, width, height, sigma = 1.5) {
  const radius = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const sum = kernel.reduce((a, b) => a + b);
  const pass = (source, step, along, line, lines) => {
    const out = new Float32Array(source.length);
    for (let l = 0; l < lines; l += 1) {
      for (let i = 0; i < along; i += 1) {
        let value = 0;
        for (let k = -radius; k <= radius; k += 1) {
          const j = Math.min(along - 1, Math.max(0, i + k));
          value += kernel[k + radius] * source[l * line + j * step];
        }
        out[l * line + i * step] = value / sum;
      }
    }
    return out;
  };
  return pass(pass(plane, 1, width, width, height), width, height, 1, width);
}

/** `{ mean, worst, ssim, alike }` of two decoded pictures. */
export function compare(a, b, limits = ALIKE) {
  if (a.width !== b.width || a.height !== b.height) {
    return { mean: Infinity, worst: Infinity, ssim: 0, alike: false };
  }
  const [one, two] = [toLab(a), toLab(b)];
  const distance = new Float32Array(a.width * a.height);
  for (let i = 0; i < distance.length; i += 1) {
    distance[i] = Math.hypot(one[0][i] - two[0][i], one[1][i] - two[1][i], one[2][i] - two[2][i]);
  }
  const mean = distance.reduce((sum, value) => sum + value, 0) / distance.length;
  const worst = Math.max(...blockMeans(distance, a.width, a.height, 16, 9));
  const ssim = similarity(one[0], two[0], a.width, a.height);
  return { mean, worst, ssim, alike: mean <= limits.mean && worst <= limits.worst && ssim >= limits.ssim };
}

function blockMeans(plane, width, height, columns, rows) {
  const sums = new Float64Array(columns * rows);
  const counts = new Float64Array(columns * rows);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const block = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      sums[block] += plane[y * width + x];
      counts[block] += 1;
    }
  }
  return sums.map((sum, block) => sum / counts[block]);
}

function similarity(a, b, width, height, window = 8) {
  const [c1, c2] = [(0.01 * 100) ** 2, (0.03 * 100) ** 2];
  let total = 0;
  let windows = 0;
  for (let top = 0; top + window <= height; top += window / 2) {
    for (let left = 0; left + window <= width; left += window / 2) {
      let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
      for (let y = top; y < top + window; y += 1) {
        for (let x = left; x < left + window; x += 1) {
          const [u, v] = [a[y * width + x], b[y * width + x]];
          sa += u; sb += v; saa += u * u; sbb += v * v; sab += u * v;
        }
      }
      const n = window * window;
      const [ma, mb] = [sa / n, sb / n];
      const [va, vb, vab] = [saa / n - ma * ma, sbb / n - mb * mb, sab / n - ma * mb];
      total += ((2 * ma * mb + c1) * (2 * vab + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
      windows += 1;
    }
  }
  return total / windows;
}

/** How much a picture shows: number of clearly different colours (5 bits a channel) and the spread of its lightness. */
export function richness({ width, height, data }) {
  const colours = new Set();
  let [sum, squares] = [0, 0];
  for (let i = 0; i < width * height; i += 1) {
    const [r, g, b] = [data[i * 4], data[i * 4 + 1], data[i * 4 + 2]];
    colours.add(((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3));
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    sum += light;
    squares += light * light;
  }
  const n = width * height;
  return { colours: colours.size, spread: Math.sqrt(squares / n - (sum / n) ** 2) };
}

/** The middle of a picture: half its width and half its height. */
export function middle({ width, height, data }) {
  const [w, h, left, top] = [width >> 1, height >> 1, width >> 2, height >> 2];
  const out = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y += 1) out.set(data.subarray(((top + y) * width + left) * 4, ((top + y) * width + left + w) * 4), y * w * 4);
  return { width: w, height: h, data: out };
}
