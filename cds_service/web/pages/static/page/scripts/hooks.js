// The CDS Hooks wire, as any EHR speaks it: discovery, a call, feedback. Nothing here knows what a card says.

export const TIMEOUT_MS = 10_000;
const EXTENSION = "org.ldn-cds";

/** A version 4 UUID. crypto.randomUUID is missing where the page came over plain http from another machine. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The services that are offered. Throws an Error with a sentence for the user. */
export async function discover() {
  const reply = await fetched("cds-services");
  if (!reply.ok || !Array.isArray(reply.body?.services)) throw new Error(reply.fault || "the discovery answer has no services");
  return reply.body.services;
}

export async function readJson(path) {
  const reply = await fetched(path);
  if (!reply.ok) throw new Error(reply.fault);
  return reply.body;
}

/** A request for a hook. `orders` are FHIR resources, `selections` the references of those just chosen. */
export function requestFor(hook, patient, orders, selections) {
  const bundle = { resourceType: "Bundle", type: "collection", entry: orders.map((resource) => ({ resource })) };
  const context = { ...patient.context, draftOrders: bundle };
  if (hook === "order-select") context.selections = selections;
  return { hook, hookInstance: uuid(), context, prefetch: patient.prefetch, extension: { [EXTENSION]: { explain: true } } };
}

export const explanationOf = (body) => body?.extension?.[EXTENSION]?.explain ?? null;

/** Post a call: `{ok, status, body, fault, ms}`; `fault` is a sentence where there is no usable answer. */
export async function call(service, request, signal) {
  const reply = await fetched(`cds-services/${encodeURIComponent(service)}`, request, signal);
  if (reply.ok && !Array.isArray(reply.body?.cards)) return { ...reply, ok: false, fault: "The answer holds no list of cards." };
  return reply;
}

export async function sendFeedback(service, entries) {
  return fetched(`cds-services/${encodeURIComponent(service)}/feedback`, { feedback: entries });
}

async function fetched(path, body, signal) {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), TIMEOUT_MS);
  const signals = [late.signal, signal].filter(Boolean);
  try {
    const answer = await fetch(path, { ...options, signal: AbortSignal.any(signals), cache: "no-cache" });
    const text = await answer.text();
    const read = parsed(text);
    const fault = answer.ok ? (read === undefined ? "The answer is not JSON." : "") : `Status ${answer.status}. ${outcomeText(read)}`.trim();
    return { ok: answer.ok && read !== undefined, status: answer.status, body: read ?? text, fault, ms: ms() };
  } catch (error) {
    if (signal?.aborted) throw error;
    const fault = late.signal.aborted ? `No answer within ${TIMEOUT_MS / 1000} seconds.` : "The service cannot be reached.";
    return { ok: false, status: 0, body: null, fault, ms: ms() };
  } finally {
    clearTimeout(timer);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const outcomeText = (body) => body?.issue?.map((issue) => issue?.details?.text ?? issue?.diagnostics ?? "").filter(Boolean).join(" ") ?? "";
