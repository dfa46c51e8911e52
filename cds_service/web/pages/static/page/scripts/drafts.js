// Draft orders: FHIR resources, and the few fields of the form that write into them. What the form does not show, a
// resource keeps: only what was edited changes.

import { asList, day, drugName, referenceOf, words } from "./fhir.js";

/** A new draft of a product for the patient of a context. */
export function newOrder(product, catalogue, context, id, today) {
  const order = {
    resourceType: "MedicationRequest",
    id,
    status: "draft",
    intent: "order",
    subject: { reference: `Patient/${context.patientId}` },
    ...(context.encounterId ? { encounter: { reference: `Encounter/${context.encounterId}` } } : {}),
    authoredOn: today,
    ...(context.userId ? { requester: { reference: context.userId } } : {}),
  };
  return withProduct(order, product, catalogue);
}

/** The fields of the form for an order; `null` for a choice that the catalogue does not have. */
export function fieldsOf(order, catalogue) {
  const lines = asList(order.dosageInstruction);
  const first = lines[0] ?? {};
  const dose = asList(first.doseAndRate)[0]?.doseQuantity ?? {};
  const coding = asList(order.medicationCodeableConcept?.coding)[0];
  const reason = asList(order.reasonCode)[0];
  return {
    product: catalogue.products.find((one) => one.text === order.medicationCodeableConcept?.text && one.coding.code === coding?.code) ?? null,
    drug: drugName(order),
    dose: dose.value ?? "",
    unit: dose.unit ?? dose.code ?? "",
    frequency: catalogue.frequencies.find((one) => sameTiming(one, first)) ?? null,
    reason: catalogue.reasons.find((one) => one.coding.code === asList(reason?.coding)[0]?.code) ?? null,
    reasonText: words(reason),
    start: [day(first.timing?.repeat?.boundsPeriod?.start), day(order.dispenseRequest?.validityPeriod?.start)].sort().at(-1) ?? "",
    note: asList(order.note).map((one) => one?.text ?? "").join("\n"),
    schedule: lines.length > 1,
    lines: lines.map((line) => line?.text ?? ""),
    editable: order.resourceType === "MedicationRequest",
  };
}

/** The order with one field set; the old one stays as it is. */
export function withField(order, field, value, catalogue) {
  const next = structuredClone(order);
  const set = {
    product: () => withProduct(next, catalogue.products.find((one) => one.id === value), catalogue),
    drug: () => { delete next.medicationReference; next.medicationCodeableConcept = { text: value }; return next; },
    dose: () => withDose(next, value === "" ? null : Number(value), fieldsOf(order, catalogue).unit || "mg", catalogue),
    unit: () => withDose(next, fieldsOf(order, catalogue).dose, value, catalogue),
    frequency: () => withFrequency(next, catalogue.frequencies.find((one) => one.id === value), catalogue),
    reason: () => withReason(next, catalogue.reasons.find((one) => one.coding.code === value)),
    reasonText: () => { if (value) next.reasonCode = [{ text: value }]; else delete next.reasonCode; return next; },
    start: () => withStart(next, value),
    note: () => { if (value.trim()) next.note = [{ text: value }]; else delete next.note; return next; },
    single: () => { next.dosageInstruction = asList(next.dosageInstruction).slice(0, 1); return next; },
  }[field];
  return set();
}

function withProduct(order, product, catalogue) {
  const start = fieldsOf(order, catalogue).start;
  const route = catalogue.routes[product.route];
  delete order.medicationReference;
  delete order.dispenseRequest;
  order.medicationCodeableConcept = { coding: [product.coding], text: product.text };
  order.dosageInstruction = [{ route: { coding: [route.coding], text: route.coding.display } }];
  withDose(order, product.dose, product.unit, catalogue);
  withFrequency(order, catalogue.frequencies.find((one) => one.id === product.frequency), catalogue);
  return start ? withStart(order, start) : order;
}

function withDose(order, value, unit, catalogue) {
  const line = firstLine(order);
  const known = catalogue.units.find((one) => one.unit === unit);
  if (value === null || value === "" || Number.isNaN(value)) delete line.doseAndRate;
  else line.doseAndRate = [{ doseQuantity: { value, unit, ...(known ? { system: "http://unitsofmeasure.org", code: known.code } : {}) } }];
  return worded(order, catalogue);
}

function withFrequency(order, frequency, catalogue) {
  const line = firstLine(order);
  const bounds = line.timing?.repeat?.boundsPeriod;
  line.timing = { repeat: { ...(bounds ? { boundsPeriod: bounds } : {}), ...structuredClone(frequency.repeat) } };
  if (frequency.asNeeded) line.asNeededBoolean = true;
  else delete line.asNeededBoolean;
  return worded(order, catalogue);
}

function withReason(order, reason) {
  if (reason) order.reasonCode = [{ coding: [reason.coding], text: reason.text }];
  else delete order.reasonCode;
  return order;
}

function withStart(order, start) {
  const line = firstLine(order);
  const repeat = { ...line.timing?.repeat };
  const { end } = repeat.boundsPeriod ?? {};
  const bounds = { ...(start ? { start } : {}), ...(end && end >= start ? { end } : {}) };
  if (Object.keys(bounds).length) repeat.boundsPeriod = bounds;
  else delete repeat.boundsPeriod;
  if (Object.keys(repeat).length) line.timing = { ...line.timing, repeat };
  else delete line.timing;
  const dispense = order.dispenseRequest;
  if (dispense?.validityPeriod) {
    if (start) dispense.validityPeriod = { ...dispense.validityPeriod, start };
    else delete dispense.validityPeriod;
    if (!Object.keys(dispense).length) delete order.dispenseRequest;
  }
  return order;
}

function firstLine(order) {
  order.dosageInstruction = asList(order.dosageInstruction).length ? order.dosageInstruction : [{}];
  return order.dosageInstruction[0];
}

/** The sentence of the sig is written anew from what stands in the fields, so that the two never differ. */
function worded(order, catalogue) {
  const line = firstLine(order);
  const dose = asList(line.doseAndRate)[0]?.doseQuantity;
  const frequency = catalogue.frequencies.find((one) => sameTiming(one, line));
  const route = Object.values(catalogue.routes).find((one) => one.coding.code === asList(line.route?.coding)[0]?.code);
  const amount = dose ? `${dose.value} ${dose.unit ?? ""}`.trim() : "";
  line.text = [route?.verb ?? "Take", amount, route?.words ?? "", frequency?.text ?? ""].filter(Boolean).join(" ");
  return order;
}

function sameTiming(frequency, line) {
  const { boundsPeriod: _, ...repeat } = line?.timing?.repeat ?? {};
  return canonical(repeat) === canonical(frequency.repeat) && Boolean(frequency.asNeeded) === Boolean(line?.asNeededBoolean);
}

const canonical = (value) => JSON.stringify(value, (_, one) => (one && typeof one === "object" && !Array.isArray(one)
  ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one));

/** The drafts after a suggestion: deletes, creates, updates, as in a FHIR transaction. Throws where one is not there. */
export function afterActions(drafts, actions, newId) {
  let next = [...drafts];
  const place = (reference) => {
    const at = next.findIndex((draft) => referenceOf(draft.resource) === reference);
    if (at < 0) throw new Error(`There is no draft ${reference}.`);
    return at;
  };
  for (const action of actions.filter((one) => one.type === "delete")) next = next.toSpliced(place(action.resourceId), 1);
  for (const action of actions.filter((one) => one.type === "create")) {
    next.push({ key: newId(), resource: { ...action.resource, id: action.resource.id ?? newId() }, selected: true });
  }
  for (const action of actions.filter((one) => one.type === "update")) {
    const at = place(referenceOf(action.resource));
    next[at] = { ...next[at], resource: action.resource, selected: true };
  }
  return next;
}
