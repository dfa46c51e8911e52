// Who the patient is, in one line that stays in sight; and the dialog to choose another.

import { button, h, redraw } from "./dom.js";
import { age, arrived, asList, personName, resourcesOf, words } from "./fhir.js";
import { session } from "./session.js";
import { choosePatient } from "./view-chooser.js";

export function drawPatient(region) {
  const { patient } = session;
  const person = resourcesOf(patient.prefetch?.patient)[0];
  redraw(region,
    h("div", { class: "who" },
      h("h2", {}, person ? personName(person) : "Patient not sent"),
      h("dl", { class: "facts" },
        fact("Sex", person?.gender ?? "not recorded"),
        fact("Born", person?.birthDate ? [person.birthDate, age(person.birthDate, patient.asOf)].filter(Boolean).join(" · ") : "not recorded"),
        fact("Allergies", allergies(patient.prefetch)),
        fact("Today", patient.asOf))),
    h("p", { class: "case soft" }, patient.title),
    button("Change patient", choosePatient, { "data-key": "choose", "aria-haspopup": "dialog" }));
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function allergies(prefetch) {
  const state = arrived(prefetch, "allergies");
  if (state === "here") return resourcesOf(prefetch.allergies).map((one) => words(one.code) || asList(one.reaction).map((r) => words(r.substance)).join(", ") || "unnamed").join(", ");
  return { none: "none on record", absent: "list not sent", failed: "could not be read" }[state];
}
