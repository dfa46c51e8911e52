// An uploaded record answered as an EHR's server would answer: the service's own prefetch templates, evaluated over the
// resources of a Bundle. What a template asks for comes from discovery; nothing is known here about any code.

import { asList, referenceOf } from "./fhir.js";

export class Unusable extends Error {}

/** A patient for the page out of a text: a FHIR R4 Bundle with one Patient, or a whole CDS Hooks request. */
export function patientFrom(content, templates, today) {
  let value;
  try {
    value = JSON.parse(content);
  } catch {
    throw new Unusable("This is not JSON.");
  }
  if (value?.context?.patientId && (value.hook || value.prefetch)) return fromRequest(value, today);
  if (value?.resourceType !== "Bundle") throw new Unusable("This is neither a FHIR Bundle nor a CDS Hooks request.");
  return fromBundle(value, templates, today);
}

function fromRequest(request, today) {
  const prefetch = request.prefetch && typeof request.prefetch === "object" ? request.prefetch : {};
  return { id: "", title: "From a pasted CDS Hooks request", asOf: today, context: request.context, prefetch };
}

function fromBundle(bundle, templates, today) {
  const found = named(bundle);
  const patients = found.filter((one) => one.resourceType === "Patient");
  if (patients.length !== 1) throw new Unusable(`The Bundle must hold exactly one Patient; this one holds ${patients.length}.`);
  const [patient] = patients;
  const encounter = found.filter((one) => one.resourceType === "Encounter").at(-1);
  const context = { userId: "Practitioner/prescriber", patientId: patient.id, ...(encounter ? { encounterId: encounter.id } : {}) };
  const prefetch = Object.fromEntries(Object.entries(templates)
    .map(([key, template]) => [key, answered(template, context, found)]).filter(([, value]) => value !== undefined));
  const asked = new Set(Object.values(prefetch).flatMap((value) => (value?.resourceType === "Bundle" ? value.entry ?? [] : value ? [{ resource: value }] : [])).map((entry) => entry.resource));
  return { id: "", title: `From a pasted Bundle: ${found.length} resources, ${asked.size} of them asked for by the service`, asOf: today, context, prefetch };
}

/** Every resource with an id, and references by urn turned into references by type and id, as a server does on import. */
function named(bundle) {
  const names = new Map();
  const found = asList(bundle.entry).map((entry, at) => {
    const resource = entry?.resource;
    if (!resource || typeof resource !== "object" || typeof resource.resourceType !== "string") return null;
    const copy = structuredClone(resource);
    if (typeof copy.id !== "string" || !/^[A-Za-z0-9.-]{1,64}$/.test(copy.id)) copy.id = `uploaded-${at + 1}`;
    if (typeof entry.fullUrl === "string") names.set(entry.fullUrl, referenceOf(copy));
    return copy;
  }).filter(Boolean);
  if (!found.length) throw new Unusable("The Bundle holds no resources.");
  found.forEach((one) => rename(one, names));
  return found;
}

function rename(value, names) {
  if (Array.isArray(value)) value.forEach((one) => rename(one, names));
  else if (value && typeof value === "object") {
    if (names.has(value.reference)) value.reference = names.get(value.reference);
    Object.values(value).forEach((one) => rename(one, names));
  }
}

/** The answer to one template; undefined where a token has no value, so that the key is left out. */
function answered(template, context, found) {
  const query = template.replace(/\{\{context\.(\w+)\}\}/g, (_, name) => context[name] ?? "");
  const [path, parameters = ""] = query.split("?");
  const [type, id] = path.split("/");
  if (path.includes("/")) return id ? found.find((one) => one.resourceType === type && one.id === id) ?? null : undefined;
  const asked = new URLSearchParams(parameters);
  const codes = asked.get("code")?.split(",");
  const hits = found.filter((one) => one.resourceType === type && about(one, context.patientId) && (!codes || coded(one, codes)));
  const drugs = hits.map((one) => one.medicationReference?.reference).filter(Boolean);
  const included = found.filter((one) => one.resourceType === "Medication" && drugs.includes(referenceOf(one)));
  const entry = [...hits.map((resource) => ({ resource })), ...included.map((resource) => ({ resource, search: { mode: "include" } }))];
  return { resourceType: "Bundle", type: "searchset", total: hits.length, ...(entry.length ? { entry } : {}) };
}

function about(resource, patientId) {
  const people = [resource.subject, resource.patient, ...asList(resource.participant).map((one) => one?.actor)];
  return people.some((one) => typeof one?.reference === "string" && new RegExp(`(^|/)Patient/${patientId.replaceAll(".", "\\.")}$`).test(one.reference));
}

const coded = (resource, codes) => asList(resource.code?.coding).some((coding) => codes.includes(coding?.code));
