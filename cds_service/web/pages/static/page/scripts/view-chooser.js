// Choosing a patient: a list that can be searched, or a Bundle of one's own. The list is one stop for the keyboard.

import { button, dialog, h, newId } from "./dom.js";
import { open, openNamed } from "./opening.js";
import { patientFrom } from "./prefetch.js";
import { session, templates } from "./session.js";

const MOST = 500;
const EXPECTS = { "": "Any card", critical: "Critical", warning: "Warning", info: "Information", none: "No card" };

export function choosePatient() {
  const box = dialog("Choose a patient", h("div", { class: "chooser" }, listed(() => box.close()), uploaded(() => box.close())));
  box.querySelector("input").focus();
}

function listed(done) {
  const name = newId("people");
  const list = h("ul", { role: "listbox", id: name, "aria-label": "Synthetic patients", class: "people" });
  const count = h("p", { class: "soft", role: "status" });
  const fault = h("p", { class: "fault", role: "alert" });
  let at = 0;
  let shown = [];
  const search = h("input", {
    type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": name, "aria-autocomplete": "list", id: `${name}-search`,
    placeholder: "such as methadone, pregnan, 45 mg, silent", autocomplete: "off", on: { input: filter, keydown: walk },
  });
  const expects = h("select", { id: `${name}-expects`, on: { change: filter } }, Object.entries(EXPECTS).map(([value, text]) => h("option", { value }, text)));

  function filter() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = session.people.filter((one) => (!expects.value || one.expects === expects.value)
      && wanted.every((word) => `${one.id} ${one.title}`.toLowerCase().includes(word)));
    shown = hits.slice(0, MOST);
    at = Math.max(0, shown.findIndex((one) => one.id === session.patient?.id));
    list.replaceChildren(...shown.map(option));
    count.textContent = `${hits.length} of ${session.people.length} patients${hits.length > MOST ? `, the first ${MOST} are shown` : ""}`;
    mark();
  }

  function option(one) {
    return h("li", { role: "option", id: `${name}-${one.id}`, "aria-selected": "false", on: { click: () => choose(one) } },
      h("span", { class: `tag ${one.expects}` }, EXPECTS[one.expects]),
      h("span", {}, one.title, h("span", { class: "soft mono" }, one.id)));
  }

  function walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) at = Math.min(Math.max(at + step, 0), shown.length - 1);
    else if (event.key === "Enter" && shown[at]) choose(shown[at]);
    else return;
    event.preventDefault();
    mark();
  }

  function mark() {
    [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    const current = list.children[at];
    if (current) search.setAttribute("aria-activedescendant", current.id);
    else search.removeAttribute("aria-activedescendant");
    current?.scrollIntoView({ block: "nearest" });
  }

  async function choose(one) {
    try {
      await openNamed(one.id);
      done();
    } catch (error) {
      fault.textContent = `This patient could not be opened. ${error.message}`;
    }
  }

  filter();
  queueMicrotask(mark);
  return h("div", {},
    h("h3", {}, "Synthetic patients"),
    h("p", { class: "soft" }, "Arrow keys to move, Enter to open. The tag is the most urgent card that the case expects."),
    h("div", { class: "search" },
      h("div", {}, h("label", { for: search.id }, "Search"), search),
      h("div", {}, h("label", { for: expects.id }, "Expected"), expects)),
    list, count, fault);
}

function uploaded(done) {
  const name = newId("bundle");
  const fault = h("p", { class: "fault", role: "alert", id: `${name}-fault` });
  const text = h("textarea", { id: name, rows: 9, spellcheck: "false", "aria-describedby": `${name}-fault`, placeholder: '{"resourceType": "Bundle", "entry": […]}' });
  const file = h("input", { type: "file", id: `${name}-file`, accept: ".json,application/json,application/fhir+json", on: { change: read } });

  async function read() {
    text.value = file.files.length ? await file.files[0].text() : "";
    use();
  }

  function use() {
    try {
      open(patientFrom(text.value, templates(), session.patient?.asOf ?? new Date().toISOString().slice(0, 10)));
    } catch (error) {
      fault.textContent = error.message;
      return;
    }
    history.replaceState(null, "", location.pathname);
    done();
  }

  return h("div", {},
    h("h3", {}, "A record of your own"),
    h("p", { class: "soft" }, "A FHIR R4 Bundle with one Patient, or a CDS Hooks request. It stays in this browser and goes to this service only. Never a real patient."),
    h("label", { for: file.id }, "File"), file,
    h("label", { for: name }, "Or paste it here"), text, fault,
    button("Open this record", use, { class: "primary" }));
}
