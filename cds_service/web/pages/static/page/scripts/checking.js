// When the service is asked. Drafts are checked a moment after the last change; only the latest question counts; what
// could not be checked is shown as such, and never the answer to an earlier draft in its place.

import { say } from "./dom.js";
import { referenceOf } from "./fhir.js";
import { call, explanationOf, requestFor } from "./hooks.js";
import { change, serviceFor, session } from "./session.js";

const PAUSE_MS = 300;
const MOST_EXCHANGES = 40;
const URGENCY = ["critical", "warning", "info"];
let timer = 0;
let running = null;

/** Check the drafts with order-select, soon. */
export function checkSoon(pause = PAUSE_MS) {
  stop();
  if (!session.drafts.length) {
    change({ check: { state: "idle", hook: "", cards: [], explain: null, fault: "" } });
    return;
  }
  change({ check: { ...session.check, state: "checking", hook: "order-select" } });
  timer = setTimeout(() => ask("order-select"), pause);
}

/** Check with order-sign, now. Resolves to true where there is an answer and it is still the latest. */
export async function checkForSigning() {
  stop();
  change({ check: { ...session.check, state: "checking", hook: "order-sign" } });
  return ask("order-sign");
}

function stop() {
  clearTimeout(timer);
  running?.abort();
  running = null;
}

async function ask(hook) {
  const mine = new AbortController();
  running = mine;
  const selections = session.drafts.filter((draft) => draft.selected).map((draft) => referenceOf(draft.resource));
  const orders = session.drafts.map((draft) => draft.resource);
  const request = requestFor(hook, session.patient, orders, selections);
  const service = serviceFor(hook);
  let reply;
  try {
    reply = service ? await call(service, request, mine.signal)
      : { ok: false, status: 0, body: null, ms: 0, fault: `No service for ${hook} is offered.` };
  } catch {
    return false; // a later change has taken over
  }
  if (mine !== running) return false;
  running = null;
  record({ kind: hook, service, request, reply });
  if (!reply.ok) {
    change({ check: { state: "failed", hook, cards: [], explain: null, fault: reply.fault } });
    say(`The safety check did not run. ${reply.fault}`);
    return false;
  }
  const explain = explanationOf(reply.body);
  const cards = reply.body.cards.toSorted((one, other) => URGENCY.indexOf(one.indicator) - URGENCY.indexOf(other.indicator));
  change({ check: { state: "done", hook, service, cards, explain, fault: "" }, ...(explain?.data ? { read: explain } : {}) });
  say(cards.length ? `${cards.length === 1 ? "1 card" : `${cards.length} cards`}: ${counted(cards)}` : "Checked: no cards.");
  return true;
}

/** Keep an exchange for the drawer. */
export function record(exchange) {
  const at = new Date().toLocaleTimeString("en-GB");
  change({ exchanges: [{ ...exchange, at }, ...session.exchanges].slice(0, MOST_EXCHANGES) });
}

export function counted(cards) {
  return URGENCY.map((urgency) => [cards.filter((card) => card.indicator === urgency).length, urgency])
    .filter(([count]) => count).map(([count, urgency]) => `${count} ${urgency}`).join(", ");
}
