// The public API of the service, and nothing else of it.

import { askForKey } from "./key.js";

let key = null;

const ROOT = new URL("../", import.meta.url);

/** Problem details (RFC 9457) that the service answered with, or what kept it from answering. */
export class Problem extends Error {
  constructor({ title, detail = "", hint = null, errors = [], code = "", request_id = null }, status = 0) {
    super(`${title}: ${detail}`);
    Object.assign(this, { title, detail, hint, errors: errors ?? [], code, requestId: request_id, status });
  }
}

async function send(method, path, { query = {}, body, signal } = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  const request = { method, headers: { Accept: "application/json" }, cache: "no-store", signal };
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  if (key) request.headers.Authorization = `Bearer ${key}`;
  const sentWith = key;
  let response, text;
  try {
    response = await fetch(url, request);
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      title: "The service does not answer",
      detail: "is it running, and is this machine online?",
      code: "unreachable",
    });
  }
  let read = null;
  try {
    read = text ? JSON.parse(text) : null;
  } catch {
    // Something between here and the service answered in words of its own.
  }
  if (response.ok) return read;
  const problem = new Problem(
    read?.title ? read : { title: `The service answered ${response.status}`, detail: response.statusText },
    response.status,
  );
  // Nothing was done, so that asking again is safe for every verb. Another key may be there already.
  if (response.status === 401 && sentWith === key) key = await askForKey(problem);
  if (response.status === 401 && key && key !== sentWith) return send(method, path, { query, body, signal });
  throw problem;
}

const memory = (name, rest = "") => `v1/memories/${encodeURIComponent(name)}${rest}`;

export const version = () => send("GET", "v1/version");
export const getModel = (id) => send("GET", `v1/models/${encodeURIComponent(id)}`);
export const examples = () => send("GET", "v1/examples");
export const published = () => send("GET", "v1/published");
export const memories = (cursor = null) => send("GET", "v1/memories", { query: { cursor } });
export const getMemory = (name) => send("GET", memory(name));
export const putMemory = (name, description = null) => send("PUT", memory(name), { body: { description } });
export const deleteMemory = (name, confirm) => send("DELETE", memory(name), { query: { confirm } });

export const facts = (name, query) => send("GET", memory(name, "/facts"), { query });
export const remember = (name, texts) =>
  send("POST", memory(name, "/facts"), { body: { facts: texts.map((text) => ({ text })) } });
export const changes = (name, query) => send("GET", memory(name, "/changes"), { query });
export const forget = (name, factId) => send("DELETE", memory(name, `/facts/${factId}`));

export const ask = (name, question, how) =>
  send("POST", memory(name, "/answers"), { body: { question, ...how } });
export const askAll = (name, questions, how) =>
  send("POST", memory(name, "/answers/batch"), { body: { questions, ...how } });
export const askFacts = (texts, question, how) =>
  send("POST", "v1/answers", { body: { facts: texts.map((text) => ({ text })), question, ...how } });
