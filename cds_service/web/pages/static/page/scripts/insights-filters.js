// What is counted: days, rule, hook, and whose where there are several clients; and the same to take away.

import { h, newId, redraw } from "./dom.js";
import { dateOf, dayNumber } from "./scale.js";

const PERIODS = [["7", "Last 7 days"], ["30", "Last 30 days"], ["90", "Last 90 days"], ["365", "Last 365 days"], ["own", "From … to …"]];
const NAMES = ["days", "first", "last", "rule", "hook", "tenant"];

/** What the address says: period, days, rule, hook, tenant. */
export function chosen() {
  const search = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, search.get(name) ?? ""]));
}

/** The same as the service wants to be asked. Its days are in UTC, so ours are too. */
export function questionOf() {
  const { days, first, last, rule, hook, tenant } = chosen();
  const span = days === "own" ? { first, last } : sinceDays(Number(days) || 30);
  return new URLSearchParams(Object.entries({ ...span, rule, hook, tenant }).filter(([, value]) => value));
}

function sinceDays(days) {
  const today = dayNumber(new Date().toISOString());
  return { first: dateOf(today - days + 1), last: dateOf(today) };
}

let known = null;

/** `data` is null where there was no answer: the filters of before then stay, so that they can be changed. */
export function drawFilters(data, changed) {
  known = data ?? known;
  const now = chosen();
  const words = known?.words.rules ?? {};
  const own = now.days === "own";
  redraw(document.getElementById("filters"),
    known && !known.named ? null : field("Client", h("input", {
      value: now.tenant, autocomplete: "off", spellcheck: "false", placeholder: "as in the file of clients", "data-key": "tenant",
      on: { change: (event) => changed({ tenant: event.target.value.trim() }) },
    })),
    field("Period", select("days", PERIODS, now.days || "30", (days) => changed(days === "own" ? { days, ...ownSpan() } : { days, first: "", last: "" }))),
    own ? [day("First day", "first", now.first, changed), day("Last day", "last", now.last, changed)] : null,
    field("Rule", select("rule", [["", "All rules"], ...options(known?.offered.rules, now.rule).map((one) => [one, words[one] ?? one])], now.rule, (rule) => changed({ rule }))),
    field("Hook", select("hook", [["", "All hooks"], ...options(known?.offered.hooks, now.hook).map((one) => [one, one])], now.hook, (hook) => changed({ hook }))),
    h("div", { class: "row exports" }, ["csv", "ndjson"].map((ending) => h("a", {
      class: "button", href: `insights/decisions.${ending}?${questionOf()}`, download: `decisions.${ending}`, "data-key": ending,
    }, `Export ${ending.toUpperCase()}`))));
}

const options = (offered = [], now = "") => (now && !offered.includes(now) ? [now, ...offered] : offered);

function ownSpan() {
  return known ? { first: known.asked.first, last: known.asked.last } : sinceDays(30);
}

function field(name, control) {
  const id = newId("filter");
  control.id = id;
  return h("div", {}, h("label", { for: id }, name), control);
}

function select(key, choices, now, act) {
  return h("select", { "data-key": key, on: { change: (event) => act(event.target.value) } },
    choices.map(([value, text]) => h("option", { value, selected: value === now }, text)));
}

function day(name, key, value, changed) {
  return field(name, h("input", { type: "date", value, required: true, "data-key": key, on: { change: (event) => event.target.value && changed({ [key]: event.target.value }) } }));
}
