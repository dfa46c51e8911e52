// The service's explanation: what was checked, what was not, and what each rule ended with.

import { h } from "./dom.js";
import { asList } from "./fhir.js";

const ORDER = ["fired", "hidden", "not-at-this-hook", "recorded", "broke", "off", "silent"];
const TAGS = { fired: "critical", broke: "critical", hidden: "info", "not-at-this-hook": "info", recorded: "info" };

export function explained(explain) {
  if (!explain) return h("p", { class: "empty" }, "This answer carries no explanation.");
  if (explain.fault) return h("p", { class: "empty" }, `The service could not explain this answer (${explain.fault}).`);
  return h("div", { class: "explain" }, rules(explain), h("div", {}, data(explain), drafts(explain), site(explain)));
}

function rules(explain) {
  const sorted = asList(explain.rules).toSorted((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome) || one.number - other.number);
  const counts = ORDER.map((one) => [sorted.filter((rule) => rule.outcome === one).length, one]).filter(([count]) => count);
  return h("section", {}, h("h3", {}, "Rules"), h("p", { class: "soft" }, counts.map(([count, one]) => `${count} ${one}`).join(", ")),
    h("table", {}, h("thead", {}, h("tr", {}, ["Rule", "Outcome", "Why"].map((one) => h("th", { scope: "col" }, one)))),
      h("tbody", {}, sorted.map((rule) => h("tr", {},
        h("td", {}, h("span", { class: "soft" }, `${rule.number} `), h("span", { class: "mono" }, rule.id)),
        h("td", {}, h("span", { class: `tag ${rule.outcome === "fired" ? rule.indicator : TAGS[rule.outcome] ?? ""}` }, rule.outcome === "fired" ? `fired, ${rule.indicator}` : rule.outcome)),
        h("td", {}, why(rule)))))));
}

function why(rule) {
  const lines = [
    rule.because,
    rule.by ? `hidden by ${rule.by.join(", ")}` : "",
    ...asList(rule.evidence).map((one) => [one.reference, one.status, ...Object.entries(one.dates ?? {}).map(([name, value]) => `${name} ${value}`)].filter(Boolean).join(" · ")),
    rule.missing ? `could not be had: ${rule.missing.map((one) => `${one.data} (${one.cause})`).join(", ")}` : "",
  ].filter(Boolean);
  const numbers = asList(rule.thresholds).map((one) => `${one.name} = ${asList(one.value).join(" to ")} ${one.unit ?? ""} (${one.source ?? ""}; decided by: ${one.decidedBy ?? ""})`);
  return [
    lines.map((line) => h("p", {}, line)),
    numbers.length ? h("details", { "data-key": `numbers-${rule.id}` }, h("summary", {}, numbers.length === 1 ? "1 number" : `${numbers.length} numbers`), h("ul", {}, numbers.map((line) => h("li", {}, line)))) : null,
  ];
}

function data(explain) {
  if (!explain.data) return h("section", {}, h("h3", {}, "Data"), h("p", { class: "soft" }, "The record was not read: no draft called for it."));
  return h("section", {}, h("h3", {}, "What was checked"), h("table", {},
    h("thead", {}, h("tr", {}, ["Data", "Answered", "Resources"].map((one, at) => h("th", { scope: "col", class: at === 2 ? "number" : null }, one)))),
    h("tbody", {}, explain.data.map((one) => h("tr", {}, h("td", { class: "mono" }, one.key),
      h("td", {}, one.answered === "failed" ? h("span", { class: "tag warning" }, `not checked: ${one.cause ?? "unknown"}`) : one.answered,
        asList(one.problems).map((problem) => h("span", { class: "tag warning" }, `${problem.count ?? ""} left out: ${problem.cause}`))),
      h("td", { class: "number" }, one.resources ?? ""))))));
}

function drafts(explain) {
  return explain.drafts ? h("section", {}, h("h3", {}, "Drafts as read"), h("table", {},
    h("thead", {}, h("tr", {}, ["Draft", "Read as", "Dose"].map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, explain.drafts.map((one) => h("tr", {}, h("td", { class: "mono" }, one.reference ?? ""),
      h("td", {}, [one.drug, one.class, one.treatment].filter(Boolean).join(", ")),
      h("td", {}, one.dose ? (one.dose.readable ? `${one.dose.mgADay} mg a day` : "not readable") : ""))))))
    : null;
}

function site(explain) {
  return h("section", {}, h("h3", {}, "Content"), h("p", { class: "mono" }, `${explain.knowledgeVersion}, as of ${explain.asOf}`),
    asList(explain.site).map((one) => h("p", {}, `Changed here: ${one.change} (${one.reason})`)));
}
