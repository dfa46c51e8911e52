// The counts as panels: each is a picture, and the same as a table.

import { button, fitted, h, newId, svg } from "./dom.js";
import { bars, columns, lines, percent, whole } from "./insights-charts.js";

const FATE = [["accepted", "accepted"], ["overridden", "overridden"], ["unanswered", "no feedback"]];
const CAME_TO = [["quiet", "no card"], ["cards", "cards"], ["notChecked", "not checked"], ["faults", "fault of the service"]];
const LAST_BOUND = 60_000;
const LONGEST = 4500;

/** Nodes for an answer of /insights/data. */
export function countsOf(data) {
  const { totals, asked, words } = data;
  if (!totals.calls && !totals.cards && !totals.unknownCards) return nothing(asked);
  const cameTo = CAME_TO.filter(([kind]) => kind !== "faults" || totals.faults);
  const rule = (id) => words.rules[id] ?? id;
  const days = data.days.map((one) => ({ ...one, quiet: one.calls - one.withCards - one.notChecked - one.faults  }));
  const calls = days.map((one) => ({ ...one, cards: one.withCards }));
  return [
    sums(totals, asked),
    h("div", { class: "charts" },
      panel("Cards by day, and what became of them", {
        wide: true, key: FATE, empty: totals.cards ? "" : "No cards in these days.",
        draw: (width) => columns(days, FATE, asked, width, "cards"),
        head: ["Day", "Cards", "Accepted", "Overridden", "No feedback"],
        rows: () => days.filter((one) => one.cards).map((one) => [one.day, one.cards, one.accepted, one.overridden, one.unanswered]),
      }),
      panel("By rule", {
        key: FATE, empty: totals.cards ? "" : "No cards in these days.",
        draw: (width) => bars(data.rules.map((one) => ({ ...one, name: rule(one.rule), total: one.cards })), FATE, width, "cards"),
        head: ["Rule", "Cards", "Accepted", "Overridden", "No feedback"],
        rows: () => data.rules.map((one) => [rule(one.rule), one.cards, share(one.accepted, one.cards), share(one.overridden, one.cards), one.unanswered]),
      }),
      h("div", { class: "stack" },
        panel("Overrides by reason", {
          empty: totals.overridden ? "" : "Nothing was overridden.",
          draw: (width) => bars(data.reasons.map((one) => ({ name: reasonName(one, words), total: one.cards, overrides: one.cards })), [["overrides", "overridden"]], width, "cards"),
          head: ["Reason", "Code", "Cards"], rows: () => data.reasons.map((one) => [reasonName(one, words), one.code || "none", one.cards]),
        }),
        panel("Not checked, by cause", {
          note: everyRule(asked), empty: data.causes.length ? "" : "No call said that something was not checked.",
          draw: (width) => bars(data.causes.map((one) => ({ name: words.causes[one.cause] ?? one.cause, total: one.calls, causes: one.calls })), [["causes", "calls"]], width, "calls"),
          head: ["Cause", "Key", "Calls"], rows: () => data.causes.map((one) => [words.causes[one.cause] ?? one.cause, one.cause, one.calls]),
        })),
      panel("Calls by day, and what they came to", {
        wide: true, note: everyRule(asked), key: cameTo, empty: totals.calls ? "" : "No calls in these days.",
        draw: (width) => columns(calls, cameTo, asked, width, "calls"),
        head: ["Day", "Calls", "With cards", "Not checked", "Faults"],
        rows: () => calls.filter((one) => one.calls).map((one) => [one.day, one.calls, one.withCards, one.notChecked, one.faults]),
      }),
      panel("How long calls took", {
        note: everyRule(asked), empty: totals.calls ? "" : "No calls in these days.",
        told: `Half of the calls took at most ${took(data.latency.half)}, 95 % at most ${took(data.latency.most)}, 99 % at most ${took(data.latency.nearlyAll)}.`,
        draw: (width) => bars(data.latency.within.map((one) => ({ name: within(one.within), total: one.calls, within: one.calls })), [["within", "calls"]], width, "calls", 96),
        head: ["Time", "Calls"], rows: () => data.latency.within.map((one) => [within(one.within), one.calls]),
      }),
      h("div", { class: "stack" },
        panel("By hook", {
          note: everyRule(asked), key: cameTo, empty: totals.calls ? "" : "No calls in these days.",
          draw: (width) => bars(data.hooks.map((one) => ({ ...one, name: one.hook, total: one.calls, cards: one.withCards, quiet: one.calls - one.withCards - one.notChecked - one.faults })), cameTo, width, "calls"),
          head: ["Hook", "Calls", "With cards", "Not checked", "Faults", "Half within", "95 % within"],
          rows: () => data.hooks.map((one) => [one.hook, one.calls, one.withCards, one.notChecked, one.faults, took(one.half), took(one.most)]),
        }),
        panel("How long calls took, by day", {
          note: everyRule(asked), key: [["half", "half of the calls within"], ["most", "95 % within"]], empty: totals.calls ? "" : "No calls in these days.",
          draw: (width) => lines(days.filter((one) => one.calls), ["half", "most"], asked, width, took),
          head: ["Day", "Half within", "95 % within", "99 % within"],
          rows: () => days.filter((one) => one.calls).map((one) => [one.day, took(one.half), took(one.most), took(one.nearlyAll)]),
        }))),
  ];
}

function nothing({ first, last, rule, hook }) {
  return h("section", { class: "panel nothing" }, h("h2", {}, "Nothing is stored for these days"),
    h("p", {}, `No call came from ${first} to ${last}${rule || hook ? " for this choice" : ""}. Counts appear here once a client, or the order-entry page, calls the service and says what became of its cards.`));
}

function sums(totals, asked) {
  const all = totals.cards;
  const tile = (value, text, kind = "", more = "") => h("li", { class: `panel ${kind}` }, h("strong", {}, whole(value)), h("span", {}, [text, more].filter(Boolean).join(", ")));
  return h("ul", { class: "sums", "aria-label": `Sums, ${asked.first} to ${asked.last}` },
    tile(totals.calls, totals.calls === 1 ? "call" : "calls", "", asked.rule ? "all rules" : ""),
    tile(all, all === 1 ? "card" : "cards", "info"),
    tile(totals.accepted, "accepted", "good", all ? percent(totals.accepted, all) : ""),
    tile(totals.overridden, "overridden", "warning", all ? percent(totals.overridden, all) : ""),
    tile(totals.unanswered, "without feedback", "", all ? percent(totals.unanswered, all) : ""),
    tile(totals.notChecked, "calls not fully checked", totals.notChecked ? "warning" : "", asked.rule ? "all rules" : ""),
    totals.faults ? tile(totals.faults, "faults of the service", "critical") : null,
    totals.unknownCards ? tile(totals.unknownCards, "with feedback only: the card is not stored") : null);
}

const share = (part, all) => `${whole(part)} (${percent(part, all)})`;
const everyRule = ({ rule }) => (rule ? "all rules" : "");
const took = (bound) => (bound === null ? "" : bound === LAST_BOUND ? `over ${whole(LONGEST)} ms` : `${whole(bound)} ms`);
const within = (bound) => (bound === LAST_BOUND ? took(bound) : `to ${took(bound)}`);
const reasonName = ({ code }, words) => (code ? words.reasons[code] ?? code : "No reason given");

/** A panel with a picture that can be turned into its table. Which of the two is kept while filters change. */
const asTables = new Set();

function panel(title, { wide = false, key = null, note = "", told = "", empty, draw, head, rows }) {
  const id = newId("panel");
  const body = h("div", { class: "panel-body" });
  const turn = button("Table", () => {
    if (!asTables.delete(title)) asTables.add(title);
    fill();
  }, { class: "quiet", "data-key": `turn-${title}`, "aria-label": `Table: ${title}` });
  const fill = () => {
    const table = asTables.has(title);
    turn.setAttribute("aria-pressed", String(table));
    body.replaceChildren(...[
      told && !empty ? h("p", { class: "told" }, told) : null,
      empty ? h("p", { class: "soft" }, empty) : table ? tableOf(title, head, rows()) : [
        key ? h("p", { class: "legend" }, key.map(([kind, text]) => h("span", { class: "key" }, sign(kind), text))) : null,
        fitted(draw, { class: "chart-picture" }),
      ],
    ].flat().filter(Boolean));
  };
  fill();
  return h("section", { class: `panel ${wide ? "wide" : ""}`.trim(), "aria-labelledby": id },
    h("div", { class: "panel-head" }, h("h2", { id }, title), note ? h("span", { class: "tag" }, note) : null, empty ? null : turn), body);
}

function sign(kind) {
  const line = kind === "half" || kind === "most";
  return svg("svg", { width: 18, height: 12, "aria-hidden": "true" },
    line ? svg("path", { class: `line-${kind}`, d: "M0 6H18" }) : svg("rect", { class: `part-${kind}`, x: 2, y: 1, width: 14, height: 10, rx: 2 }));
}

function tableOf(title, head, rows) {
  const cell = (value, at) => (at ? h("td", { class: "number" }, typeof value === "number" ? whole(value) : value) : h("th", { scope: "row" }, value));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}, as a table` },
    h("table", {}, h("thead", {}, h("tr", {}, head.map((one, at) => h("th", { scope: "col", class: at ? "number" : null }, one)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell))))));
}
