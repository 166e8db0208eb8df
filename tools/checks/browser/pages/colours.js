// What of a picture is red, what is blue, and where.
import { read } from "./pixels.js";

/** How far around a point all must be of its colour for it to be worth a pick. */
const AROUND = 2;
const MOST_POINTS = 40;

/** `{ red, blue, other }` as numbers of pixels, black left out, and points well inside what is red and blue. */
export function colours(canvas) {
  const { width, height, bytes } = read(canvas);
  const kind = (x, y) => {
    const [red, green, blue] = bytes.subarray(((height - 1 - y) * width + x) * 4);
    if (red + green + blue < 12) return "black";
    if (red > 2 * Math.max(green, blue)) return "red";
    return blue > 2 * Math.max(red, green) ? "blue" : "other";
  };
  const found = { black: 0, red: 0, blue: 0, other: 0, points: { red: [], blue: [] } };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const own = kind(x, y);
      found[own] += 1;
      const points = found.points[own];
      if (points && x % 5 === 0 && y % 5 === 0 && isInside(kind, x, y, width, height)) points.push([x + 0.5, y + 0.5]);
    }
  }
  for (const [name, points] of Object.entries(found.points)) {
    const every = Math.ceil(points.length / MOST_POINTS);
    found.points[name] = points.filter((_, number) => number % every === 0);
  }
  return found;
}

function isInside(kind, x, y, width, height) {
  if (x < AROUND || y < AROUND || x >= width - AROUND || y >= height - AROUND) return false;
  const own = kind(x, y);
  for (let dy = -AROUND; dy <= AROUND; dy += 1) {
    for (let dx = -AROUND; dx <= AROUND; dx += 1) if (kind(x + dx, y + dy) !== own) return false;
  }
  return true;
}
