// A flight over a city without a gap, and what of it is missing in each picture.
import { read } from "./pixels.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Draws a picture at each pose and counts the pixels that should show the city and show nothing.
 *
 * `viewer` has `place(pose)`, `draw()`, `ray(x, y)` (earth-fixed origin and direction), `drawn()` (names of tiles) and
 * `canvas`; `square` is the city's outline on the ground: a corner and two sides, earth-fixed. Every `step` pixels are looked at.
 */
export async function fly(viewer, poses, square, { step = 4, wait = 25 } = {}) {
  const frames = [];
  for (const pose of poses) {
    viewer.place(pose);
    viewer.draw();
    const pixels = read(viewer.canvas);
    const found = count(viewer, pixels, square, step);
    frames.push({ ...found, drawn: viewer.drawn(), picture: found.holes > 0 ? viewer.canvas.toDataURL() : undefined });
    await pause(wait);
  }
  return frames;
}

function count(viewer, { width, height, bytes }, square, step) {
  let [inside, holes] = [0, 0];
  for (let y = step / 2; y < height; y += step) {
    for (let x = step / 2; x < width; x += step) {
      if (!hits(viewer.ray(x + 0.5, y + 0.5), square)) continue;
      inside += 1;
      const at = ((height - 1 - y) * width + x) * 4;
      if (isClear(bytes.subarray(at, at + 3))) holes += 1;
    }
  }
  return { inside, holes };
}

/** Magenta, which nothing of the city is. */
const isClear = ([red, green, blue]) => red > 240 && green < 15 && blue > 240;

/** Whether a ray meets the ground inside the outline, a little away from its edge. */
function hits({ origin, direction }, { corner, u, v }) {
  const normal = cross(u, v);
  const along = dot(direction, normal);
  const far = dot(minus(corner, origin), normal) / along;
  if (!(far > 0)) return false;
  const point = origin.map((value, axis) => value + direction[axis] * far);
  const within = (side) => {
    const part = dot(minus(point, corner), side) / dot(side, side);
    return part > 0.01 && part < 0.99;
  };
  return within(u) && within(v);
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
