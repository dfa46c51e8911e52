// The record as it came: problems, medications, results, allergies. A list that did not come says so.

import { h, redraw } from "./dom.js";
import { arrived, asList, day, drugName, finder, observed, range, resourcesOf, span, status, words } from "./fhir.js";
import { session } from "./session.js";

const MEDICATIONS = { medStatements: "stated", medRequests: "ordered", medDispenses: "dispensed", medAdministrations: "given" };
const RESULTS = ["labs", "toxLabs", "pregnancyObs", "outcomes"];
const OTHER = ["procedures", "serviceRequests", "appointments"];
const STATE = { none: "none on record", absent: "not sent", failed: "could not be read" };

export function drawRecord(region) {
  const { prefetch } = session.patient;
  const find = finder(prefetch);
  redraw(region,
    list("Problems", prefetch, ["conditions"], (one) => [words(one.code) || "unnamed", status(one), day(one.onsetDateTime) || day(one.recordedDate)]),
    list("Medications", prefetch, Object.keys(MEDICATIONS), (one, key) => [drugName(one, find), `${MEDICATIONS[key]} · ${one.status ?? "no status"}`, taken(one)]),
    list("Results", prefetch, RESULTS, result, byDate),
    list("Allergies", prefetch, ["allergies"], (one) => [words(one.code) || "unnamed", [status(one), asList(one.reaction).flatMap((r) => asList(r?.manifestation).map(words)).join(", ")].filter(Boolean).join(" · "), day(one.recordedDate)]),
    list("Procedures and plans", prefetch, OTHER, (one) => [words(one.code) || words(asList(one.serviceType)[0]) || one.description || one.resourceType, one.status ?? "", day(one.performedDateTime) || span(one.performedPeriod) || day(one.occurrenceDateTime) || span(one.occurrencePeriod) || day(one.start)]));
}

const byDate = (one, other) => (resultDay(other) > resultDay(one) ? 1 : -1);
const resultDay = (one) => day(one.effectiveDateTime) || day(one.effectivePeriod?.start) || day(one.issued);

function result(one) {
  const { shown, flag } = range(one);
  const value = h("span", {}, observed(one) || "no value", flag && h("span", { class: "flag" }, ` ${flag}`));
  return [words(one.code) || "unnamed", [value, shown && h("span", { class: "soft" }, ` (${shown})`), one.status && one.status !== "final" ? ` · ${one.status}` : ""], resultDay(one)];
}

function taken(one) {
  const supply = one.dispenseRequest?.validityPeriod;
  return span(one.effectivePeriod) || day(one.effectiveDateTime) || day(one.whenHandedOver) || span(supply) || day(one.authoredOn) || day(one.dateAsserted);
}

/** One table; `cells` makes name, detail and date of a resource. What did not come is told apart from what is empty. */
function list(title, prefetch, keys, cells, order) {
  const rows = keys.flatMap((key) => resourcesOf(prefetch?.[key]).filter((one) => one.resourceType !== "Medication").map((one) => ({ key, one })));
  if (order) rows.sort((a, b) => order(a.one, b.one));
  const states = [...new Set(keys.map((key) => arrived(prefetch, key)))];
  const missing = keys.filter((key) => ["absent", "failed"].includes(arrived(prefetch, key)));
  const body = rows.map(({ key, one }) => {
    const [name, detail, date] = cells(one, key);
    return h("tr", {}, h("td", {}, h("span", { class: "name" }, name), h("span", { class: "detail soft" }, detail)), h("td", { class: "number soft" }, String(date ?? "").split(" to ").map((part, at) => h("span", { class: "date" }, at ? `to ${part}` : part))));
  });
  const lost = missing.length === keys.length && states.length === 1;
  return h("section", { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", {}, title), h("span", { class: lost && !rows.length ? "missing" : "soft" }, rows.length || (missing.length && !lost) ? String(rows.length) : STATE[states[0]])),
    rows.length ? h("table", {}, h("caption", { class: "unseen" }, title), h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, "What"), h("th", { scope: "col" }, "Date"))), h("tbody", {}, body)) : null,
    missing.length && !lost ? h("p", { class: "empty missing" }, `Not sent or not readable: ${missing.join(", ")}.`) : null);
}
