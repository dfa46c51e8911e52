// Reading FHIR for display: names, dates, values. Tolerant, since a record holds what it holds; never a judgement.

export const asList = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
const text = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");

/** The resources of one prefetch value, a Bundle or a single resource. */
export function resourcesOf(value) {
  if (!value || typeof value !== "object") return [];
  if (value.resourceType !== "Bundle") return value.resourceType === "OperationOutcome" ? [] : [value];
  return asList(value.entry).map((entry) => entry?.resource).filter((one) => one && typeof one === "object" && one.resourceType !== "OperationOutcome");
}

/** How a list came: "here", "none" (asked, nothing there), "absent" (not sent) or "failed". */
export function arrived(prefetch, key) {
  if (!prefetch || !(key in prefetch)) return "absent";
  const value = prefetch[key];
  if (value?.resourceType === "OperationOutcome") return "failed";
  return resourcesOf(value).length ? "here" : "none";
}

export function words(concept) {
  if (!concept || typeof concept !== "object") return "";
  const coding = asList(concept.coding).find((one) => text(one?.display)) ?? asList(concept.coding)[0];
  return text(concept.text) || text(coding?.display) || text(coding?.code);
}

export function drugName(resource, find = () => null) {
  const named = words(resource?.medicationCodeableConcept) || words(resource?.medication?.concept);
  if (named) return named;
  const reference = text(resource?.medicationReference?.reference);
  return text(resource?.medicationReference?.display) || words(find(reference)?.code) || reference || "no drug named";
}

/** How a name is found: a resource anywhere in the prefetch, or contained, by its reference. */
export function finder(prefetch) {
  const all = Object.values(prefetch ?? {}).flatMap(resourcesOf);
  return (reference) => all.find((one) => `${one.resourceType}/${one.id}` === reference) ?? null;
}

export const day = (value) => (/^\d{4}(-\d{2}(-\d{2})?)?/.exec(text(value)) ?? [""])[0];

export function span(period) {
  const [start, end] = [day(period?.start), day(period?.end)];
  if (start && end) return `${start} to ${end}`;
  return start ? `since ${start}` : end ? `until ${end}` : "";
}

export function status(resource) {
  const clinical = asList(resource?.clinicalStatus?.coding)[0]?.code ?? text(resource?.clinicalStatus);
  const verified = asList(resource?.verificationStatus?.coding)[0]?.code ?? text(resource?.verificationStatus);
  return [text(clinical) || text(resource?.status), verified === "confirmed" ? "" : text(verified)].filter(Boolean).join(", ");
}

export function quantity(value) {
  if (!value || typeof value !== "object") return "";
  return [text(value.comparator), text(value.value), text(value.unit) || text(value.code)].filter(Boolean).join(" ");
}

export function observed(resource) {
  return quantity(resource?.valueQuantity) || words(resource?.valueCodeableConcept) || text(resource?.valueString)
    || day(resource?.valueDateTime) || text(resource?.valueInteger) || (resource?.dataAbsentReason ? "no value" : "");
}

/** The result's own range, and "high" or "low" where its own number lies outside it. */
export function range(resource) {
  const given = asList(resource?.referenceRange)[0];
  const [low, high, value] = [given?.low?.value, given?.high?.value, resource?.valueQuantity?.value];
  const shown = text(given?.text) || (low !== undefined && high !== undefined ? `${text(low)}–${text(high)}` : high !== undefined ? `up to ${text(high)}` : low !== undefined ? `from ${text(low)}` : "");
  const flag = typeof value !== "number" ? "" : typeof high === "number" && value > high ? "high" : typeof low === "number" && value < low ? "low" : "";
  return { shown, flag };
}

export function personName(patient) {
  const name = asList(patient?.name)[0];
  return text(name?.text) || [...asList(name?.given).map(text), ...asList(name?.family).map(text)].filter(Boolean).join(" ") || "Name not recorded";
}

/** Whole years on a day, from the recorded birth date alone; empty where it is no full date. */
export function age(birthDate, on) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text(birthDate))) return "";
  const years = Number(on.slice(0, 4)) - Number(birthDate.slice(0, 4)) - (on.slice(5) < birthDate.slice(5) ? 1 : 0);
  return `${years} y`;
}

export const referenceOf = (resource) => `${resource.resourceType}/${resource.id}`;
