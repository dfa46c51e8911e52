// What a prescriber does with a card: take a suggestion, override with a reason, sign. Each is reported to the service.

import { checkForSigning, checkSoon, record } from "./checking.js";
import { say } from "./dom.js";
import { afterActions } from "./drafts.js";
import { resourcesOf } from "./fhir.js";
import { sendFeedback } from "./hooks.js";
import { cardKey, change, nextId, session } from "./session.js";

export async function accept(card, suggestion) {
  let drafts;
  try {
    drafts = afterActions(session.drafts, suggestion.actions ?? [], nextId);
  } catch (error) {
    change({ undelivered: `The suggestion was not taken: ${error.message}` });
    return;
  }
  const { service } = session.check;
  const active = drafts.some((draft) => draft.key === session.active) ? session.active : drafts[0]?.key ?? "";
  change({ drafts, active, phase: "draft" });
  say(`Taken: ${suggestion.label}`);
  checkSoon(0);
  await report(service, [{ card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] }]);
}

/** `reason` is one of the card's Codings; without one the card was dismissed, which needs none. */
export async function override(card, reason, comment = "") {
  const answers = new Map(session.answers).set(cardKey(card), { reason, comment });
  const { service } = session.check;
  change({ answers });
  say(reason ? `Overridden: ${reason.display ?? reason.code}` : "Dismissed");
  await report(service, [overridden(card, { reason, comment })]);
}

export function takeBack(card) {
  const answers = new Map(session.answers);
  answers.delete(cardKey(card));
  change({ answers });
}

function overridden(card, { reason, comment }) {
  if (!reason) return { card: card.uuid, outcome: "overridden" };
  const { code, system } = reason;
  return { card: card.uuid, outcome: "overridden", overrideReason: { reason: { code, system }, ...(comment ? { userComment: comment } : {}) } };
}

const reported = new Set();

async function report(service, entries) {
  entries.forEach((entry) => reported.add(entry.card));
  const outcomeTimestamp = new Date().toISOString();
  const feedback = entries.map((entry) => ({ ...entry, outcomeTimestamp }));
  if (!service || !feedback.length) return;
  const reply = await sendFeedback(service, feedback);
  record({ kind: "feedback", service, request: { feedback }, reply });
  change({ undelivered: reply.ok ? "" : `Feedback was not delivered. ${reply.fault}` });
}

export const open = (card) => card.indicator !== "info" && !session.answers.has(cardKey(card));

/** Sign: ask once more, and be done where nothing is left to answer. */
export async function sign() {
  if (session.phase !== "sign") {
    change({ phase: "sign" });
    if (!(await checkForSigning()) || session.check.cards.some(open)) return;
  } else if (session.check.state !== "done" || session.check.cards.some(open)) return;
  const { cards, service } = session.check;
  const answered = cards.filter((card) => session.answers.has(cardKey(card)) && !reported.has(card.uuid));
  finish();
  await report(service, answered.map((card) => overridden(card, session.answers.get(cardKey(card)))));
}

export function finish(unchecked = false) {
  const today = session.patient.asOf;
  const signed = session.drafts.map((draft) => ({ ...draft.resource, status: "active", ...("authoredOn" in draft.resource ? { authoredOn: today } : {}) }));
  change({
    patient: { ...session.patient, prefetch: withOrders(session.patient.prefetch, signed) },
    signed: [...session.signed, ...signed.map((resource) => ({ resource, unchecked }))],
    drafts: [], active: "", phase: "draft",
  });
  say(signed.length === 1 ? "1 order signed" : `${signed.length} orders signed`);
  checkSoon();
}

/** A signed order is on the record from now on; a list that never came stays one that never came. */
function withOrders(prefetch, signed) {
  const next = { ...prefetch };
  for (const [key, type] of [["medRequests", "MedicationRequest"], ["serviceRequests", "ServiceRequest"]]) {
    const mine = signed.filter((one) => one.resourceType === type);
    if (!mine.length || !(key in next) || next[key]?.resourceType === "OperationOutcome") continue;
    const before = next[key]?.resourceType === "Bundle" ? next[key] : { resourceType: "Bundle", type: "searchset", entry: resourcesOf(next[key]).map((resource) => ({ resource })) };
    const entry = [...(before.entry ?? []), ...mine.map((resource) => ({ resource }))];
    next[key] = { ...before, entry, ...("total" in before ? { total: before.total + mine.length } : {}) };
  }
  return next;
}
