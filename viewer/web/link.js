// The view in the address: `#longitude,latitude,height,heading,pitch` in degrees and ellipsoidal metres. Whoever opens
// the address stands where the sender stood.

const DECIMALS = [7, 7, 2, 2, 2];

/** The command that the address asks for, or nothing. */
export function viewCommand(hash = location.hash) {
  const numbers = hash.slice(1).split(",").map(Number);
  if (numbers.length !== 5 || !numbers.every(Number.isFinite) || hash.length < 2) return undefined;
  const [lon, lat, height, heading, pitch] = numbers;
  return { command: "setCamera", lon, lat, height, heading, pitch };
}

/** Writes the camera into the address, without an entry in the history. */
export function rememberView({ lon, lat, height, heading, pitch }) {
  const hash = `#${[lon, lat, height, heading, pitch].map((value, i) => Number(value.toFixed(DECIMALS[i]))).join(",")}`;
  if (hash !== location.hash) history.replaceState(history.state, "", hash);
}
