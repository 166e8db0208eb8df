// Ordering, following and dismissing: the server's processes and jobs (OGC API - Processes).

const EXECUTION = "processes/block-world/execution";

/** What was wrong with a request. */
export class Problem extends Error {
  constructor({ detail, parameter, status }, wait) {
    super(detail ?? String(status));
    this.parameter = parameter;
    this.status = status;
    this.wait = wait;
  }
}

async function answer(request) {
  const response = await request;
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Problem({ ...body, status: response.status }, Number(response.headers.get("Retry-After")) || undefined);
}

const post = (address, inputs, signal) => answer(fetch(address, {
  method: "POST",
  headers: { "Content-Type": "application/json", Prefer: "respond-async" },
  body: JSON.stringify({ inputs }),
  signal,
}));

/** What an order would take. */
export const estimate = (inputs, signal) => post(`${EXECUTION}?estimate=true`, inputs, signal);

/** Orders; gives the job's status. */
export const order = (inputs) => post(EXECUTION, inputs);

/** A job's status. */
export const status = (id) => answer(fetch(`jobs/${id}`, { cache: "no-store" }));

/** Lets go of a job. */
export const dismiss = (id) => answer(fetch(`jobs/${id}`, { method: "DELETE" }));

/** The address of what a job made, as it is said in its status. */
export function world(info) {
  const link = info.links.find(({ rel }) => rel === "enclosure");
  return link && { href: `jobs/${info.jobID}/results/${link.href.split("/").pop()}`, bytes: link.length };
}

/** Tells `heard` of every status until the job's end. Returns a function that stops listening. */
export function follow(id, heard, lost) {
  const source = new EventSource(`jobs/${id}/events`);
  let stopped = false;
  const stop = () => {
    stopped = true;
    source.close();
  };
  const take = (info) => {
    if (stopped) return;
    if (info.status !== "accepted" && info.status !== "running") stop();
    heard(info);
  };
  source.addEventListener("status", ({ data }) => take(JSON.parse(data)));
  source.addEventListener("error", () => {
    // The stream ends with the job, with the server, or with the network: the status tells which.
    source.close();
    const ask = async () => {
      if (stopped) return;
      try {
        take(await status(id));
      } catch (problem) {
        if (problem.status === 404) {
          stop();
          lost(problem);
          return;
        }
      }
      if (!stopped) setTimeout(ask, 1500);
    };
    if (!stopped) ask();
  });
  return stop;
}
