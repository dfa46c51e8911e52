// Opening a patient, from the list or from a record that was uploaded.

import { checkSoon } from "./checking.js";
import { asList, referenceOf, resourcesOf } from "./fhir.js";
import { readJson } from "./hooks.js";
import { change, nextId } from "./session.js";

/** Open a patient: drafts that came along become the drafts, and are checked at once. */
export function open(patient) {
  const { draftOrders, medications, selections, ...context } = patient.context;
  const chosen = asList(selections);
  const drafts = resourcesOf(draftOrders ?? medications).map((resource) => {
    const mine = typeof resource.id === "string" ? resource : { ...resource, id: nextId() };
    return { key: nextId(), resource: mine, selected: !chosen.length || chosen.includes(referenceOf(mine)) || chosen.includes(mine.id) };
  });
  change({
    patient: { ...patient, context }, drafts, active: drafts[0]?.key ?? "", signed: [], phase: "draft", read: null,
    check: { state: "idle", hook: "", cards: [], explain: null, fault: "" }, answers: new Map(), reasons: new Map(), undelivered: "",
  });
  checkSoon(0);
}

export async function openNamed(name) {
  const [rule, one] = name.split("/").map(encodeURIComponent);
  open(await readJson(`patients/${rule}/${one}`));
  history.replaceState(null, "", `#${name}`);
}
