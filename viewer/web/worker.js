// Fetches and decodes tiles away from the picture. In: `{ id, url }` to begin, `{ id }` to break off. Out: the decoded
// tile, or `{ id, message, permanent }`. The arrays are handed over, not copied.
import init, { decode } from "./decoder.js";

const ready = init();
const running = new Map();

addEventListener("message", ({ data: { id, url } }) => {
  if (url === undefined) running.get(id)?.abort();
  else load(id, url);
});

async function load(id, url) {
  const breaker = new AbortController();
  running.set(id, breaker);
  try {
    const bytes = await fetched(url, breaker.signal);
    await ready;
    answer(id, bytes);
  } catch (error) {
    if (!breaker.signal.aborted) postMessage({ id, message: String(error.message ?? error), permanent: error.permanent ?? false });
  } finally {
    running.delete(id);
  }
}

async function fetched(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw refused(response);
  return new Uint8Array(await response.arrayBuffer());
}

/** An answer that will not change is a permanent failure; "too many requests" and a server in trouble are not. */
function refused({ status, url }) {
  const permanent = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return Object.assign(new Error(`${status} ${url}`), { permanent });
}

function answer(id, bytes) {
  let tile;
  try {
    tile = decode(bytes);
  } catch (error) {
    throw Object.assign(error, { permanent: true });
  }
  const { opaque, about } = tile;
  const vertices = tile.take_vertices();
  const indices = tile.take_indices();
  tile.free();
  postMessage({ id, vertices, indices, opaque, about }, [vertices.buffer, indices.buffer]);
}
