// What the page knows, in one place, and who wants to hear of a change.

const listeners = [];

export const session = {
  services: [],
  catalogue: null,
  people: [],
  patient: null,
  drafts: [],
  active: "",
  signed: [],
  phase: "draft", // "sign" while the answer to order-sign is on the screen
  check: { state: "idle", hook: "", cards: [], explain: null, fault: "" },
  read: null, // the last explanation for which the service read this patient's record
  answers: new Map(), // what became of a card, by what it says
  reasons: new Map(), // what is chosen and written so far where a reason is being given, by what its card says
  undelivered: "",
  exchanges: [],
};

/** Set some members; listeners get the set of their names. */
export function change(values) {
  Object.assign(session, values);
  const names = new Set(Object.keys(values));
  for (const listener of listeners) listener(names);
}

/** Draw now and whenever one of these members changes. */
export function watch(names, draw) {
  listeners.push((changed) => { if (names.some((name) => changed.has(name))) draw(); });
}

let count = 0;
export const nextId = () => `draft-${++count}`;

export const templates = () => session.services.find((one) => one.hook === "order-sign")?.prefetch ?? session.services[0]?.prefetch ?? {};
export const serviceFor = (hook) => session.services.find((one) => one.hook === hook)?.id ?? "";

/** The same card in a later answer: it says the same about the same thing. */
export const cardKey = (card) => `${card.source?.topic?.code ?? ""}|${card.indicator}|${card.summary}`;
