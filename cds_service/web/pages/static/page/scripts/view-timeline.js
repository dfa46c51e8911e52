// Exposure by date. Where the service has read the record, what it made of each drug is drawn, with the washout window
// that it worked out; before that, only the records as they are dated. No interval is known here.

import { fitted, h, redraw, svg } from "./dom.js";
import { day, drugName, finder, resourcesOf } from "./fhir.js";
import { dateOf, dayNumber, dayScale, shortDate, ticks } from "./scale.js";
import { session } from "./session.js";

const STATES = ["current", "uncertain", "ended", "old"];
const LISTS = ["medStatements", "medRequests", "medDispenses", "medAdministrations"];
const ROW = 30;

export function drawTimeline(region) {
  const today = dayNumber(session.patient.asOf);
  const lanes = session.read ? fromService(session.read, today) : fromRecord(session.patient.prefetch, today);
  const starts = (session.read?.drafts ?? []).filter((one) => one.starts).map((one) => dayNumber(one.starts));
  redraw(region,
    h("div", { class: "panel-head" },
      h("h2", { id: "timeline-title" }, session.read ? "Opioid and naltrexone exposure, as the service read it" : "Medications by date"),
      lanes.length ? legend(lanes, starts) : null),
    lanes.length ? [fitted((width) => chart(lanes, starts, today, width), { class: "timeline-picture" }), table(lanes)]
      : h("p", { class: "empty" }, session.read ? "The service found no opioid and no naltrexone on the record that it was sent." : "No dated medication on the record."),
    session.read ? null : h("p", { class: "empty" }, "Draft a naltrexone or opioid order: the service then says what it reads as exposure, and from when on a start is clear."));
}

/** One lane an ingredient; bars are records, the window is the service's. */
function fromService(explain, today) {
  const windows = explain.facts?.washouts ?? [];
  return (explain.exposures ?? []).filter((one) => one.kind !== "anticoagulant").map((one) => {
    const found = windows.find((window) => window.ingredient === one.ingredient);
    const bars = STATES.flatMap((state) => (one[state] ?? []).map((reading) => ({
      state, reference: reading.reference, status: reading.status, assumed: reading.assumed,
      from: dayNumber(reading.since ?? reading.last), to: state === "current" ? today : dayNumber(reading.last ?? (state === "uncertain" ? dateOf(today) : reading.since)), open: state === "current" || state === "uncertain",
    })));
    return {
      name: one.name, state: one.state, kind: one.kind, bars,
      window: found ? { last: dayNumber(found.last), minimum: dayNumber(found.minimum), clear: dayNumber(found.clear), kind: found.interval, assumed: found.assumed } : null,
    };
  });
}

function fromRecord(prefetch, today) {
  const find = finder(prefetch);
  const rows = LISTS.flatMap((key) => resourcesOf(prefetch?.[key])).map((one) => {
    const from = day(one.effectivePeriod?.start) || day(one.effectiveDateTime) || day(one.whenHandedOver) || day(one.authoredOn);
    const to = day(one.effectivePeriod?.end) || (one.status === "active" ? dateOf(today) : from);
    return { name: drugName(one, find), from: dayNumber(from), to: dayNumber(to), status: one.status, reference: `${one.resourceType}/${one.id}` };
  }).filter((one) => !Number.isNaN(one.from));
  return [...Map.groupBy(rows, (one) => one.name)].map(([name, records]) => ({
    name, kind: "other", state: "", window: null, bars: records.map((one) => ({ ...one, state: "record", open: false })),
  }));
}

const KEYS = { "bar-opioid": "opioid", "bar-naltrexone": "naltrexone", "bar-other": "on record", minimum: "too early", clear: "past the minimum, not yet clear", start: "start of a draft" };

/** Only what is drawn. */
function legend(lanes, starts) {
  const shown = new Set(lanes.map((one) => `bar-${one.kind}`));
  if (lanes.some((one) => one.window)) ["minimum", "clear"].forEach((kind) => shown.add(kind));
  if (starts.length) shown.add("start");
  return h("p", { class: "legend" }, Object.entries(KEYS).filter(([kind]) => shown.has(kind)).map(([kind, text]) => h("span", { class: "key" }, svg("svg", { width: 18, height: 12, "aria-hidden": "true" },
      kind === "start" ? svg("path", { class: "start", d: "M9 0V12" }) : svg("rect", { class: `mark-${kind}`, x: 1, y: 2, width: 16, height: 8, rx: 2 })), text)));
}

function chart(lanes, starts, today, width) {
  const narrow = width < 600;
  const [left, right] = [narrow ? 2 : 150, width - 16];
  const rowHeight = narrow ? ROW + 16 : ROW;
  const top = 20;
  const bottom = top + lanes.length * rowHeight;
  const days = lanes.flatMap((one) => [...one.bars.flatMap((bar) => [bar.from, bar.to]), one.window?.clear ?? NaN]).filter((one) => !Number.isNaN(one));
  // Much older records are drawn at the edge: what matters is near today.
  const first = Math.max(Math.min(...days, today - 14), today - 400) - 4;
  const end = Math.max(...days, ...starts, today + 7);
  const last = end + Math.ceil((end - first) * (narrow ? 0.03 : 0.14)); // room for the date beside a window
  const x = dayScale(first, last, left, right);
  return svg("svg", { width, height: bottom + 24, viewBox: `0 0 ${width} ${bottom + 24}`, role: "img", "aria-label": lanes.map(spoken).join(". ") },
    ticks(first, last, Math.max(2, Math.floor((right - left) / 90))).map((at) => [
      svg("line", { class: "grid", x1: x(at), x2: x(at), y1: top, y2: bottom }),
      svg("text", { class: "tick", x: x(at), y: bottom + 16, "text-anchor": "middle" }, shortDate(at)),
    ]),
    lanes.map((one, at) => lane(one, top + at * rowHeight, rowHeight, x, { left, right, narrow })),
    svg("line", { class: "today", x1: x(today), x2: x(today), y1: top - 4, y2: bottom }),
    svg("text", { class: "tick strong", x: x(today), y: top - 8, "text-anchor": "middle" }, "today"),
    starts.map((at) => svg("path", { class: "start", d: `M${x(at)} ${top - 4}V${bottom}` })));
}

function lane(one, y, height, x, { left, right, narrow }) {
  const middle = y + height - ROW / 2;
  const bar = (from, to) => ({ x: x(from), width: Math.max(3, x(to) - x(from)), y: middle - 7, height: 14, rx: 2 });
  return svg("g", {},
    svg("line", { class: "grid", x1: left, x2: right, y1: y + height, y2: y + height }),
    narrow ? svg("text", { class: "lane", x: left, y: y + 14 }, short([one.name, one.state].filter(Boolean).join(", "), 28))
      : [svg("text", { class: "lane", x: 8, y: middle - 1 }, short(one.name, 22)), svg("text", { class: "tick", x: 8, y: middle + 11 }, one.state)],
    one.window && Number.isNaN(one.window.clear) ? [ // a depot: the service gives no date
      svg("rect", { class: "mark-minimum", x: x(one.window.last), width: right - x(one.window.last), y: middle - 7, height: 14, rx: 2 }),
      svg("text", { class: "tick strong", x: right - 6, y: narrow ? y + 14 : middle + 4, "text-anchor": "end" }, "no clear date"),
    ] : null,
    one.window && !Number.isNaN(one.window.clear) ? [
      svg("rect", { class: "mark-minimum", ...bar(one.window.last, one.window.minimum) }),
      one.window.clear > one.window.minimum ? svg("rect", { class: "mark-clear", ...bar(one.window.minimum, one.window.clear) }) : null,
      svg("text", { class: "tick strong", ...(narrow ? { x: right, y: y + 14, "text-anchor": "end" } : { x: x(one.window.clear) + 6, y: middle + 4 }) }, `clear ${shortDate(one.window.clear)}`),
    ] : null,
    one.bars.every((record) => Number.isNaN(record.from)) ? svg("text", { class: "tick", x: left, y: middle + 4 }, "no usable date on record") : null,
    one.bars.filter((record) => !Number.isNaN(record.from)).map((record) => [
      svg("rect", { class: `mark-bar-${one.kind} ${record.state}`, ...bar(record.from, record.to) }),
      record.open ? svg("path", { class: `arrow-${one.kind}`, d: `M${x(record.to) + 2} ${middle - 6}l7 6l-7 6z` }) : null,
    ]));
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function spoken(one) {
  const bars = one.bars.map((bar) => `${Number.isNaN(bar.from) ? "date unknown" : dateOf(bar.from)} to ${bar.open ? "now or unknown" : Number.isNaN(bar.to) ? "date unknown" : dateOf(bar.to)}`).join(", ");
  const window = one.window && Number.isNaN(one.window.clear) ? "; no date from which a start is clear" : one.window ? `; earliest start ${dateOf(one.window.minimum)}, clear from ${dateOf(one.window.clear)}` : "";
  return `${one.name} ${one.state}: ${bars}${window}`;
}

function table(lanes) {
  const date = (value, none = "unknown") => (Number.isNaN(value) ? none : dateOf(value));
  return h("details", { class: "as-table", "data-key": "timeline-table" }, h("summary", {}, "As a table"),
    h("table", {}, h("thead", {}, h("tr", {}, ["Drug", "Record", "Read as", "From", "To", "Minimum", "Clear"].map((one) => h("th", { scope: "col" }, one)))),
      h("tbody", {}, lanes.flatMap((one) => one.bars.map((bar) => h("tr", {},
        h("td", {}, one.name), h("td", { class: "mono" }, bar.reference), h("td", {}, bar.state === "record" ? bar.status ?? "" : bar.state),
        h("td", {}, date(bar.from)), h("td", {}, bar.open ? "" : `${date(bar.to)}${bar.assumed ? " (assumed)" : ""}`),
        h("td", {}, one.window ? date(one.window.minimum, "no date") : ""), h("td", {}, one.window ? date(one.window.clear, "no date") : "")))))));
}
