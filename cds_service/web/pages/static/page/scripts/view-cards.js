// The cards as they came, most urgent first, each with what can be done about it.

import { accept, open, override, takeBack } from "./answers.js";
import { checkSoon, counted } from "./checking.js";
import { button, dated, h, newId, redraw } from "./dom.js";
import { markdown } from "./markdown.js";
import { safeLink } from "./links.js";
import { cardKey, change, session } from "./session.js";
import { compare, glance, schedulesOf } from "./view-titration.js";

const WORDS = { critical: "Critical", warning: "Warning", info: "Information" };
const SHAPES = { critical: "■", warning: "▲", info: "●" };

export function drawCards(region) {
  const { check, phase } = session;
  redraw(region,
    h("div", { class: "cards-head" },
      h("h2", { id: "cards-title" }, phase === "sign" ? "Safety check at signing" : "Safety check"),
      h("p", { class: "soft" }, check.state === "checking" ? h("span", { class: "busy" }, "Checking…") : check.state === "done" ? counted(check.cards) || "No cards" : "")),
    session.undelivered ? h("p", { class: "trouble", role: "alert" }, session.undelivered) : null,
    body(check));
  region.setAttribute("aria-busy", String(check.state === "checking"));
}

function body(check) {
  if (check.state === "failed") return failure(check);
  if (check.state === "idle") return h("p", { class: "panel empty" }, session.signed.length ? "Everything is signed." : "Draft an order and the service is asked.");
  if (!check.cards.length) {
    return h("p", { class: "panel empty" }, check.state === "checking" ? "Asking the service…" : "The service was asked and returned no cards for these drafts.");
  }
  return check.cards.map((card) => drawn(card, check.state === "checking"));
}

function failure(check) {
  return h("div", { class: "card critical", role: "alert" },
    h("p", { class: "urgency" }, h("span", { "aria-hidden": "true" }, "■ "), "Not checked"),
    h("h3", {}, "The safety check did not run. These drafts have not been checked."),
    h("p", {}, check.fault),
    session.phase === "sign" ? null : h("div", { class: "actions" }, button("Check again", () => checkSoon(0), { "data-key": "again" })));
}

function drawn(card, stale) {
  const key = cardKey(card);
  const answer = session.answers.get(key);
  const name = newId("card");
  const urgency = WORDS[card.indicator] ? card.indicator : "warning";
  return h("article", { class: `card ${urgency}${answer ? " answered" : ""}`, "aria-labelledby": name },
    h("p", { class: "urgency" }, h("span", { "aria-hidden": "true" }, `${SHAPES[urgency]} `), WORDS[card.indicator] ?? String(card.indicator),
      stale ? h("span", { class: "stale" }, " · the draft changed, checking again") : null),
    h("h3", { id: name }, dated(card.summary)),
    answer ? answered(card, answer) : [
      card.detail ? h("div", { class: "prose" }, markdown(card.detail)) : null,
      suggestions(card, key),
      foot(card, key),
    ]);
}

function answered(card, { reason, comment }) {
  return h("div", { class: "row" },
    h("p", { class: "soft" }, reason ? `Overridden: ${reason.display ?? reason.code}${comment ? ` (${comment})` : ""}` : "Dismissed"),
    button("Show again", () => takeBack(card), { class: "quiet", "data-key": `back-${cardKey(card)}` }));
}

function suggestions(card, key) {
  const all = card.suggestions ?? [];
  if (!all.length) return null;
  const schedules = schedulesOf(card);
  const isSchedule = (one) => schedules.some((schedule) => schedule.suggestion === one);
  return h("div", { class: "suggestions" },
    schedules.length > 1 ? h("div", { class: "actions" }, button("Compare as a picture", () => compare(card), { class: "primary", "data-key": `compare-${key}`, "aria-haspopup": "dialog" })) : null,
    h("ul", {}, all.map((one, at) => h("li", {},
      choice(card, one, schedules.find((schedule) => schedule.suggestion === one), `take-${key}-${at}`),
      one.isRecommended && !isSchedule(one) ? recommended() : null,
      h("details", { "data-key": `what-${key}-${at}` }, h("summary", {}, "What it changes"),
        h("ul", { class: "what" }, (one.actions ?? []).map((action) => h("li", {}, h("span", { class: "tag" }, action.type), " ", action.description ?? ""))))))));
}

const recommended = () => h("span", { class: "tag good" }, "Recommended");

/** A suggestion is a button with its label; a schedule, whose label is long, has a small picture and a short button. */
function choice(card, suggestion, schedule, key) {
  const take = () => accept(card, suggestion);
  if (!schedule) return button(suggestion.label, take, { class: suggestion.isRecommended ? "primary" : "", "data-key": key });
  const name = newId("label");
  return h("div", { class: "choice-schedule" }, glance(schedule, card), h("p", {}, h("span", { id: name }, suggestion.label), " ", suggestion.isRecommended ? recommended() : null),
    button("Use", take, { "data-key": key, "aria-describedby": name }));
}

function foot(card, key) {
  const offered = card.overrideReasons ?? [];
  const links = [...(card.links ?? []), ...(card.source?.url ? [{ label: card.source.label, url: card.source.url }] : [])];
  const opened = session.reasons.has(key);
  const toggle = () => {
    const reasons = new Map(session.reasons);
    if (!reasons.delete(key)) reasons.set(key, { chosen: "", comment: "" });
    change({ reasons });
    document.querySelector(`[data-key="${CSS.escape(`reason-${key}-0`)}"]`)?.focus();
  };
  return [
    h("div", { class: "foot" },
      offered.length ? button("Override…", toggle, { class: "quiet", "aria-expanded": String(opened), "data-key": `override-${key}` })
        : button("Dismiss", () => override(card, null), { class: "quiet", "data-key": `dismiss-${key}`, "aria-label": `Dismiss: ${card.summary}` }),
      h("p", { class: "links soft" }, links.map((link) => link.url && link.label ? linked(link) : null))),
    opened ? reasonForm(key, offered) : null,
  ];
}

function linked({ label, url, type }) {
  const safe = type === "smart" ? null : safeLink(url);
  return safe ? h("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, label) : h("span", {}, label);
}

/** Drawn from what was chosen and written so far, so that an answer that comes meanwhile takes nothing away. */
function reasonForm(key, reasons) {
  const given = session.reasons.get(key);
  const group = newId("reason");
  const fault = h("p", { class: "fault", role: "alert" });
  const comment = h("input", { id: `${group}-comment`, autocomplete: "off", maxlength: "200", value: given.comment, "data-key": `comment-${key}`, on: { input: () => { given.comment = comment.value; } } });
  const radio = (at) => h("input", { type: "radio", name: group, value: String(at), checked: given.chosen === String(at), "data-key": `reason-${key}-${at}`, on: { change: (event) => { given.chosen = event.target.value; } } });
  const choices = h("fieldset", { class: "reasons" }, h("legend", {}, "Reason for going on"),
    reasons.map((one, at) => h("label", { class: "choice" }, radio(at), h("span", {}, one.display ?? one.code))),
    h("label", { for: comment.id }, "Comment (optional; the service does not keep it)"), comment, fault,
    h("div", { class: "actions" }, button("Override with this reason", take, { "data-key": `reason-${key}-take` })));
  function take() {
    if (!given.chosen) {
      fault.textContent = "Choose a reason first.";
      choices.querySelector("input").focus();
      return;
    }
    const card = session.check.cards.find((one) => cardKey(one) === key); // of the newest answer: its id is the one to report
    const next = session.check.cards.find((one) => one !== card && open(one));
    session.reasons.delete(key);
    override(card, reasons[Number(given.chosen)], given.comment.trim());
    (document.querySelector(next ? `#cards [data-key="${CSS.escape(`override-${cardKey(next)}`)}"]` : "#orders [data-key=sign]") ?? document.getElementById("cards")).focus();
  }
  return choices;
}
