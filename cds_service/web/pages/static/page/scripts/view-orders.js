// The orders of this session: a list of drafts, the form of the one that is open, and signing.

import { finish, open, sign } from "./answers.js";
import { checkSoon, counted } from "./checking.js";
import { button, h, redraw } from "./dom.js";
import { newOrder } from "./drafts.js";
import { drugName, finder, span, words } from "./fhir.js";
import { change, nextId, session } from "./session.js";
import { cameFromForm, orderForm } from "./view-form.js";

let formOf = { key: "", resource: null };

/** The form stays in place while somebody types in it; what it cannot hold by itself is drawn around it. */
export function drawOrders(region) {
  if (!session.catalogue) return;
  const active = session.drafts.find((draft) => draft.key === session.active);
  const keeps = active && region.querySelector(".form") && formOf.key === active.key
    && (formOf.resource === active.resource || cameFromForm(active.resource))
    && region.querySelectorAll(".draft").length === session.drafts.length;
  formOf = { key: active?.key ?? "", resource: active?.resource ?? null };
  if (keeps) {
    session.drafts.forEach((draft, at) => redraw(region.querySelectorAll(".draft-title")[at], titled(draft)));
    redraw(region.querySelector(".after"), signing(), signedList());
    return;
  }
  redraw(region, h("div", { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", { id: "orders-title" }, "Orders"), adding()),
    session.drafts.length ? h("ol", { class: "drafts" }, session.drafts.map(draftItem))
      : h("p", { class: "empty" }, "No drafts. Choose a product to order it: it is checked at once."),
    h("div", { class: "after" }, signing(), signedList())));
}

function adding() {
  const groups = Map.groupBy(session.catalogue.products, (one) => one.group);
  const choice = h("select", { "aria-label": "Add an order", "data-key": "add", on: { change: add } },
    h("option", { value: "" }, "Add an order…"),
    [...groups].map(([group, products]) => h("optgroup", { label: group }, products.map((one) => h("option", { value: one.id }, one.text)))));
  function add() {
    const product = session.catalogue.products.find((one) => one.id === choice.value);
    if (!product) return;
    const key = nextId();
    const resource = newOrder(product, session.catalogue, session.patient.context, key, session.patient.asOf);
    change({ drafts: [...session.drafts, { key, resource, selected: true }], active: key, phase: "draft" });
    checkSoon(0);
  }
  return choice;
}

function draftItem(draft) {
  const opened = draft.key === session.active;
  const { title } = described(draft.resource);
  return h("li", { class: opened ? "draft open" : "draft" },
    h("div", { class: "draft-head" },
      h("button", { type: "button", class: "draft-title", "aria-expanded": String(opened), "data-key": `open-${draft.key}`, on: { click: () => change({ active: opened ? "" : draft.key }) } }, titled(draft)),
      button("Remove", () => remove(draft), { class: "quiet", "aria-label": `Remove ${title}`, "data-key": `remove-${draft.key}` })),
    opened ? orderForm(draft) : null);
}

function titled(draft) {
  const { title, detail } = described(draft.resource);
  return [h("span", { class: "name" }, title), h("span", { class: "detail soft" }, detail)];
}

function remove(draft) {
  const drafts = session.drafts.filter((one) => one !== draft);
  change({ drafts, active: drafts.some((one) => one.key === session.active) ? session.active : drafts[0]?.key ?? "", phase: "draft" });
  document.querySelector("#orders [data-key=add]")?.focus();
  checkSoon(0);
}

/** What an order is, in two lines. */
export function described(order) {
  const kind = { MedicationRequest: "Medication", ServiceRequest: "Service", CommunicationRequest: "Message to the patient" }[order.resourceType] ?? order.resourceType;
  if (order.resourceType.startsWith("Medication")) {
    const lines = (order.dosageInstruction ?? []).map((line) => line?.text ?? "").filter(Boolean);
    return { title: drugName(order, finder(session.patient.prefetch)), detail: lines.length > 1 ? `${lines.length} steps: ${lines[0]} …` : lines[0] ?? "no directions" };
  }
  if (order.resourceType === "CommunicationRequest") return { title: words(order.category?.[0]) || kind, detail: order.payload?.[0]?.contentString ?? "" };
  return { title: words(order.code) || kind, detail: [kind, span(order.occurrencePeriod)].filter(Boolean).join(" · ") };
}

function signing() {
  const { drafts, check, phase } = session;
  if (!drafts.length) return null;
  const many = drafts.length === 1 ? "1 order" : `${drafts.length} orders`;
  const unanswered = check.cards.filter(open).length;
  const blocked = phase === "sign" && (check.state !== "done" || unanswered > 0);
  const text = phase !== "sign" ? `Sign ${many}` : `Sign ${many} now`;
  return h("div", { class: "signing" },
    button(text, () => { if (!blocked) sign(); }, { class: "primary", "data-key": "sign", "aria-disabled": blocked ? "true" : null, "aria-describedby": "sign-state" }),
    h("p", { id: "sign-state", class: "soft" }, state()),
    phase === "sign" && check.state === "failed" ? h("div", { class: "row" },
      button("Check again", () => { change({ phase: "draft" }); sign(); }, { "data-key": "sign-again" }),
      button("Sign without the check", () => finish(true), { "data-key": "sign-unchecked" })) : null,
    h("a", { class: "to-cards", href: "#cards" }, check.cards.length ? counted(check.cards) : "Cards"));

  function state() {
    if (check.state === "checking") return phase === "sign" ? "Checking before signing…" : "Checking…";
    if (check.state === "failed") return "The safety check did not run.";
    if (phase === "sign" && unanswered) return unanswered === 1 ? "1 card needs an answer first: take a suggestion or give a reason." : `${unanswered} cards need an answer first: take a suggestion or give a reason.`;
    if (phase === "sign") return "Every card has an answer.";
    return unanswered ? `${unanswered} open ${unanswered === 1 ? "card" : "cards"}; all drafts are checked once more when you sign.` : "All drafts are checked once more when you sign.";
  }
}

function signedList() {
  if (!session.signed.length) return null;
  return h("div", { class: "signed" }, h("h3", {}, "Signed in this session"),
    h("ul", {}, session.signed.map(({ resource, unchecked }) => {
      const { title, detail } = described(resource);
      return h("li", {}, h("span", { class: unchecked ? "tag warning" : "tag good" }, unchecked ? "Signed, not checked" : "Signed"), h("span", {}, h("span", { class: "name" }, title), h("span", { class: "detail soft" }, detail)));
    })));
}
