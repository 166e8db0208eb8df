// What the viewer asks for: JSON is fetched here, tiles are fetched and decoded in Workers.

const WORKERS = Math.min(4, Math.max(1, (navigator.hardwareConcurrency ?? 2) - 1));

export class Requests {
  /**
   * Serves a viewer's requests. `onFailed(message, permanent)` hears of answers that did not come, `onBroken(message)` of
   * Workers that do not start at all.
   */
  constructor(viewer, { onFailed, onBroken }) {
    this.viewer = viewer;
    this.onFailed = onFailed;
    this.running = new Map();
    this.workers = Array.from({ length: WORKERS }, () => this.#worker(onBroken));
    viewer.on_request((id, url, kind) => (kind === "tile" ? this.#askWorker(id, url) : this.#fetchJson(id, url)));
    viewer.on_cancel((id) => this.#cancel(id));
  }

  /** Stops everything; answers that are still on their way are dropped. */
  close() {
    for (const { worker } of this.workers) worker.terminate();
    for (const breaker of this.running.values()) breaker.abort?.();
    this.running.clear();
    this.viewer = undefined;
  }

  #worker(onBroken) {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    const entry = { worker, load: 0 };
    worker.addEventListener("message", ({ data }) => this.#answered(entry, data));
    worker.addEventListener("error", (event) => onBroken(event.message ?? "Worker"));
    return entry;
  }

  #askWorker(id, url) {
    const entry = this.workers.reduce((least, other) => (other.load < least.load ? other : least));
    entry.load += 1;
    this.running.set(id, entry);
    entry.worker.postMessage({ id, url });
  }

  #answered(entry, { id, vertices, indices, opaque, about, message, permanent }) {
    if (this.running.get(id) !== entry) return;
    this.#done(id);
    if (message === undefined) this.viewer.deliver_tile(id, vertices, indices, opaque, about);
    else this.#failed(id, message, permanent);
  }

  #done(id) {
    const entry = this.running.get(id);
    if (entry?.worker) entry.load -= 1;
    this.running.delete(id);
  }

  async #fetchJson(id, url) {
    const breaker = new AbortController();
    this.running.set(id, breaker);
    try {
      const response = await fetch(url, { signal: breaker.signal, headers: { accept: "application/json" } });
      const { status } = response;
      if (!response.ok) throw Object.assign(new Error(`${status} ${url}`), { permanent: status < 500 && status !== 429 });
      const body = await response.text();
      if (this.running.get(id) === breaker) this.viewer.deliver_json(id, body);
    } catch (error) {
      if (this.running.get(id) === breaker) this.#failed(id, String(error.message ?? error), error.permanent ?? false);
    } finally {
      if (this.running.get(id) === breaker) this.running.delete(id);
    }
  }

  #failed(id, message, permanent) {
    this.viewer.failed(id, message, permanent);
    this.onFailed(message, permanent);
  }

  #cancel(id) {
    const entry = this.running.get(id);
    if (!entry) return;
    if (entry.worker) entry.worker.postMessage({ id });
    else entry.abort();
    this.#done(id);
  }
}
