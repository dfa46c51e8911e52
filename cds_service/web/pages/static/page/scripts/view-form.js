// The form of one draft. Each change goes into the order at once and is checked a moment later.

import { checkSoon } from "./checking.js";
import { button, h } from "./dom.js";
import { fieldsOf, withField } from "./drafts.js";
import { change, session } from "./session.js";

export function orderForm(draft) {
  const { catalogue } = session;
  const fields = fieldsOf(draft.resource, catalogue);
  if (!fields.editable) return facts(draft.resource);
  const id = (name) => `${draft.key}-${name}`;

  const set = (name, value) => edit(draft.key, name, value);
  const field = (name, label, control, wide = false) => h("div", { class: wide ? "field wide" : "field" }, h("label", { for: id(name) }, label), control);
  const picked = (name, options, value, other) => h("select", { id: id(name), "data-key": id(name), on: { change: (event) => set(name, event.target.value) } },
    value === null ? h("option", { value: "", selected: true, disabled: name !== "reason" }, other) : null,
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  // A text field writes as one types, without being drawn anew under the cursor.
  const typed = (name, value, props = {}) => h("input", { id: id(name), "data-key": id(name), value, autocomplete: "off", ...props, on: { input: (event) => set(name, event.target.value) } });

  const products = catalogue.products.map((one) => [one.id, one.text]);
  return h("div", { class: "form" },
    field("product", "Product", picked("product", products, fields.product?.id ?? null, `${fields.drug} (as written)`), true),
    fields.schedule ? schedule(fields, () => set("single", "")) : [
      field("dose", "Dose", typed("dose", fields.dose, { type: "number", min: "0", step: "any", inputmode: "decimal" })),
      field("unit", "Unit", picked("unit", catalogue.units.map((one) => [one.unit, one.unit]), catalogue.units.some((one) => one.unit === fields.unit) ? fields.unit : null, fields.unit || "not given")),
      field("frequency", "Frequency", picked("frequency", catalogue.frequencies.map((one) => [one.id, one.text]), fields.frequency?.id ?? null, "as written"), true),
    ],
    field("reason", "Reason", picked("reason", [...catalogue.reasons.map((one) => [one.coding.code, one.text]), ["none", "No reason given"]], fields.reason?.coding.code ?? (fields.reasonText ? null : "none"), `${fields.reasonText} (as written)`)),
    field("start", "Start", typed("start", fields.start, { type: "date" })),
    field("drug", "Product in words", typed("drug", fields.drug, { "aria-describedby": id("drug-note") }), true),
    h("p", { id: id("drug-note"), class: "wide hint soft" }, "Words of your own replace the product's code."),
    field("note", "Note to the pharmacy", typed("note", fields.note), true));
}

const TYPED = new Set(["dose", "drug", "note", "start"]);
const typedIn = new WeakSet();

/** Whether the form itself holds what the order says, since it was typed there: then it must not be drawn anew. */
export const cameFromForm = (resource) => typedIn.has(resource);

function edit(key, name, value) {
  const drafts = session.drafts.map((draft) => (draft.key === key ? { ...draft, selected: true, resource: withField(draft.resource, name, value, session.catalogue) } : draft));
  if (TYPED.has(name)) typedIn.add(drafts.find((draft) => draft.key === key).resource);
  change({ drafts, phase: "draft" });
  checkSoon(TYPED.has(name) ? undefined : 0);
}

function schedule(fields, single) {
  return h("div", { class: "field wide" }, h("p", { class: "label" }, "Schedule"),
    h("ol", { class: "steps" }, fields.lines.map((line) => h("li", {}, line))),
    button("Use the first step alone", single, { class: "quiet" }));
}

function facts(order) {
  const notes = [...(order.note ?? []).map((one) => one.text), ...(order.payload ?? []).map((one) => one.contentString), order.resourceType.startsWith("Medication") ? "This page edits MedicationRequests only." : ""];
  return h("div", { class: "form" }, notes.filter(Boolean).map((text) => h("p", { class: "wide" }, text)));
}
