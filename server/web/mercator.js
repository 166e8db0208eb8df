// Degrees to the square of Web Mercator, whose sides are 1, and back.

const RADIANS = Math.PI / 180;

/** Longitude and latitude as a place in the square: x to the east, y to the south. */
export function place(lon, lat) {
  const sin = Math.sin(Math.min(85, Math.max(-85, lat)) * RADIANS);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)];
}

/** A place in the square as longitude and latitude. */
export function degrees(x, y) {
  return [(x - 0.5) * 360, Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RADIANS];
}

/** Metres of a degree of longitude and of latitude at a latitude. */
export function metres(lat) {
  return [111_320 * Math.cos(lat * RADIANS), 111_200];
}

/** Width and height in metres of a box of west, south, east, north. */
export function size([west, south, east, north]) {
  const [x, y] = metres((south + north) / 2);
  return [(east - west) * x, (north - south) * y];
}

/** A square of this many metres around a place. */
export function square(lon, lat, side) {
  const [x, y] = metres(lat);
  return [lon - side / 2 / x, lat - side / 2 / y, lon + side / 2 / x, lat + side / 2 / y];
}
