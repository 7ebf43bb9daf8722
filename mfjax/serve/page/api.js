// Requests to this page's own server. What it refuses is an Error whose message is its one line.

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "mfjax serve does not answer; was it ended?");
  }
  if (answer.ok) return answer;
  let line = `the server answered ${answer.status}`;
  try {
    line = (await answer.json()).error ?? line;
  } catch { /* no JSON: the line above says what is known */ }
  throw new Refusal(answer.status, line);
}

const json = async (path, options) => (await call(path, options)).json();
const blob = async (path, options) => (await call(path, options)).blob();

export const about = () => json("/api/about");
export const sample = (name, kind, small = false) => blob(`/api/samples/${name}/${kind}.png${small ? "?small" : ""}`);
export const preview = (key) => blob(`/api/files/${key}.png`);
export const scores = (key) => json(`/api/jobs/${key}/scores`);
export const alignment = (key) => blob(`/api/jobs/${key}/alignment.png`);
export const stop = (key) => call(`/api/jobs/${key}`, { method: "DELETE", keepalive: true });
export const get = (path) => blob(path);

/** Sends a file and returns what it is. */
export const put = (kind, file) =>
  json(`/api/files/${kind}?name=${encodeURIComponent(file.name)}`, { method: "PUT", body: file });

/** Asks for a fused image and returns the key of the job. */
export async function post(ir, vis, options) {
  const body = JSON.stringify({ ir, vis, options });
  return (await json("/api/jobs", { method: "POST", body, headers: { "content-type": "application/json" } })).key;
}

/** Returns a job once it has ended, and tells how far it is on the way. */
export async function ended(key, tell) {
  for (let pause = 150; ; pause = Math.min(pause * 1.3, 800)) {
    const job = await json(`/api/jobs/${key}`);
    if (job.state === "done" || job.state === "failed") return job;
    tell(job);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Returns the address of a picture of a result. */
export function pictureAt(key, layer, { bits = 8, palette = "", hot = null, download = false } = {}) {
  const query = new URLSearchParams();
  if (bits !== 8) query.set("bits", bits);
  if (palette) query.set("palette", palette);
  if (hot !== null) query.set("hot", hot);
  if (download) query.set("download", "");
  const text = query.toString();
  return `/api/jobs/${key}/pictures/${layer}.png${text ? `?${text}` : ""}`;
}
