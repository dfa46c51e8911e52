// The schedules that a card suggests, side by side as pictures: dose by date, with reviews and tests. What is drawn are
// the orders of the suggestions themselves, so that the picture cannot say anything else than what would be ordered.

import { accept } from "./answers.js";
import { button, dialog, fitted, h, newId, svg } from "./dom.js";
import { asList, day, drugName, words } from "./fhir.js";
import { dateOf, dayNumber, dayScale, shortDate, ticks } from "./scale.js";

/** The suggestions of a card that are schedules: two or more dated steps of a medicine. */
export function schedulesOf(card) {
  return (card.suggestions ?? []).map(scheduleOf).filter((one) => one.steps.length > 1);
}

function scheduleOf(suggestion) {
  const resources = (suggestion.actions ?? []).map((action) => action.resource).filter((one) => one && typeof one === "object");
  const steps = resources.filter((one) => one.resourceType === "MedicationRequest")
    .flatMap((order) => asList(order.dosageInstruction).map((line) => stepOf(line, order))).filter((one) => one.to >= one.from)
    .sort((one, other) => one.from - other.from);
  const services = resources.filter((one) => one.resourceType === "ServiceRequest");
  const reviews = services.filter((one) => day(one.occurrencePeriod?.start)).map((one) => ({
    text: words(one.code), from: dayNumber(one.occurrencePeriod.start), to: dayNumber(one.occurrencePeriod.end ?? one.occurrencePeriod.start),
  }));
  const tests = services.filter((one) => !day(one.occurrencePeriod?.start)).map((one) => words(one.code));
  const supplies = resources.filter((one) => one.resourceType === "MedicationRequest").map((one) => supply(one));
  return { suggestion, steps, reviews, tests, supplies };
}

function stepOf(line, order) {
  const bounds = line?.timing?.repeat?.boundsPeriod;
  const dose = asList(line?.doseAndRate)[0]?.doseQuantity;
  return { from: dayNumber(bounds?.start), to: dayNumber(bounds?.end), dose: dose?.value, unit: dose?.unit ?? "", text: line?.text ?? "", drug: drugName(order) };
}

function supply(order) {
  const { quantity, numberOfRepeatsAllowed: repeats = 0 } = order.dispenseRequest ?? {};
  const amount = quantity ? `${quantity.value} ${quantity.unit ?? ""}`.trim() : "no quantity";
  return `${drugName(order)}: ${amount}${repeats ? `, ${repeats} ${repeats === 1 ? "refill" : "refills"}` : ""}`;
}

export function compare(card) {
  const schedules = schedulesOf(card);
  const frame = frameOf(schedules);
  const box = dialog("Compare the schedules", [
    h("p", { class: "prose" }, card.summary),
    h("p", { class: "legend" },
      key("step", "dose by date"), key("review", "review"), key("test", "test before the first dose")),
    schedules.map((one) => panel(one, frame, () => { box.close(); accept(card, one.suggestion); })),
  ]);
  box.classList.add("compare");
}

/** One frame for all of them, so that they can be compared by eye. */
function frameOf(schedules) {
  const all = schedules.flatMap((one) => [...one.steps, ...one.reviews]);
  return {
    first: Math.min(...all.map((one) => one.from)), last: Math.max(...all.map((one) => one.to)) + 1,
    most: Math.max(...schedules.flatMap((one) => one.steps.map((step) => step.dose ?? 0))),
  };
}

const key = (kind, text) => h("span", { class: "key" }, svg("svg", { width: 18, height: 12, "aria-hidden": "true" }, sign(kind, 9, 6)), text);

function sign(kind, x, y) {
  if (kind === "review") return svg("path", { class: "review", d: `M${x} ${y - 5}L${x + 5} ${y}L${x} ${y + 5}L${x - 5} ${y}Z` });
  if (kind === "test") return svg("rect", { class: "test", x: x - 4, y: y - 4, width: 8, height: 8 });
  return svg("path", { class: "dose-line", d: `M${x - 9} ${y + 4}H${x}V${y - 4}H${x + 9}` });
}

function panel(schedule, frame, take) {
  const { suggestion, steps, reviews, tests, supplies } = schedule;
  const name = newId("schedule");
  return h("section", { class: "schedule", "aria-labelledby": name },
    h("div", { class: "schedule-head" },
      h("h3", { id: name }, suggestion.label), suggestion.isRecommended ? h("span", { class: "tag good" }, "Recommended") : null,
      button("Use this schedule", take, { class: suggestion.isRecommended ? "primary" : "", "aria-describedby": name })),
    fitted((width) => picture(schedule, frame, width), { class: "schedule-picture" }),
    h("details", {}, h("summary", {}, "As a table"),
      h("table", {}, h("thead", {}, h("tr", {}, ["From", "To", "What"].map((one) => h("th", { scope: "col" }, one)))),
        h("tbody", {},
          tests.map((text) => row("", "before the first dose", text)),
          steps.map((one) => row(dateOf(one.from), dateOf(one.to), one.text)),
          reviews.map((one) => row(dateOf(one.from), dateOf(one.to), one.text)),
          supplies.map((text) => row("", "", `Supply: ${text}`))))));
}

const row = (...cells) => h("tr", {}, cells.map((one) => h("td", {}, one)));

function picture({ steps, reviews, tests }, frame, width) {
  const [left, right, top, bottom, height] = [54, width - 14, 12, 78, 118];
  const x = dayScale(frame.first, frame.last, left, right);
  const y = (dose) => bottom - ((dose ?? 0) / frame.most) * (bottom - top);
  const unit = steps[0]?.unit ?? "";
  const doses = spaced([...new Set(steps.map((one) => one.dose))].sort((one, other) => other - one), y, 13);
  const dates = spaced([steps[0].from, steps.at(-1).to, ...steps.map((one) => one.from), ...ticks(frame.first, frame.last, 5)], x, 52);
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken(steps, reviews, tests) },
    doses.map((dose) => [
      svg("line", { class: "grid", x1: left, x2: right, y1: y(dose), y2: y(dose) }),
      svg("text", { class: "tick", x: left - 6, y: y(dose) + 4, "text-anchor": "end" }, `${dose} ${unit}`),
    ]),
    dates.map((at) => [
      svg("line", { class: "grid", x1: x(at), x2: x(at), y1: top, y2: bottom + 24 }),
      svg("text", { class: "tick", x: Math.min(Math.max(x(at), 20), width - 20), y: bottom + 36, "text-anchor": "middle" }, shortDate(at)),
    ]),
    svg("path", { class: "dose-area", d: `${climb(steps, x, y)}V${bottom}H${x(steps[0].from)}Z` }),
    svg("path", { class: "dose-line", d: climb(steps, x, y) }),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    reviews.map((one) => svg("g", {}, svg("title", {}, one.text),
      svg("rect", { class: "review-span", x: x(one.from), y: bottom + 7, width: Math.max(4, x(one.to + 1) - x(one.from)), height: 11, rx: 2 }),
      sign("review", (x(one.from) + x(one.to + 1)) / 2, bottom + 12.5))),
    tests.map((text, at) => svg("g", {}, svg("title", {}, text), sign("test", x(steps[0].from) + 5 + at * 12, bottom + 12.5))));
}

/** A schedule as small as a word, to stand beside its name. */
export function glance({ steps }, card) {
  const { first, last, most } = frameOf(schedulesOf(card));
  const x = dayScale(first, last, 1, 119);
  const y = (dose) => 38 - ((dose ?? 0) / most) * 34;
  return svg("svg", { class: "glance", viewBox: "0 0 120 41", "aria-hidden": "true" },
    svg("path", { class: "dose-area", d: `${climb(steps, x, y)}V39H${x(steps[0].from)}Z` }),
    svg("path", { class: "dose-line", d: climb(steps, x, y) }), svg("line", { class: "axis", x1: 0, x2: 120, y1: 39.5, y2: 39.5 }));
}

const climb = (steps, x, y) => steps.map((one, at) => `${at ? "L" : "M"}${x(one.from)} ${y(one.dose)}H${x(one.to + 1)}`).join("");

/** Of these places those that stand far enough from all before them. */
function spaced(values, place, least) {
  return values.reduce((kept, one) => (kept.some((other) => Math.abs(place(one) - place(other)) < least) ? kept : [...kept, one]), []);
}

function spoken(steps, reviews, tests) {
  return [
    steps.map((one) => `${one.dose} ${one.unit} from ${dateOf(one.from)} to ${dateOf(one.to)}`).join(", "),
    ...reviews.map((one) => `${one.text}, ${dateOf(one.from)} to ${dateOf(one.to)}`), ...tests.map((one) => `${one} before the first dose`),
  ].join(". ");
}
