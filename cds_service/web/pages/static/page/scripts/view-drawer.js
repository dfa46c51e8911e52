// What went over the wire, to the letter, and why the answer is what it is.

import { button, h, redraw, say } from "./dom.js";
import { explanationOf } from "./hooks.js";
import { session } from "./session.js";
import { explained } from "./view-explain.js";

const TABS = [["explain", "Explanation"], ["request", "Request"], ["answer", "Answer"]];
let opened = false;
let tab = "explain";
let chosen = null; // an exchange, or null for the latest call

export function drawDrawer(region) {
  const latest = session.exchanges.find((one) => one.kind !== "feedback") ?? null;
  const exchange = session.exchanges.includes(chosen) ? chosen : latest;
  const again = () => drawDrawer(region);
  region.classList.toggle("is-open", opened);
  redraw(region,
    h("div", { class: "drawer-head" },
      h("button", { type: "button", class: "button", "aria-expanded": String(opened), "aria-controls": "drawer-body", "data-key": "drawer", on: { click: () => { opened = !opened; again(); } } },
        opened ? "Hide request and answer" : "Show request, answer and explanation"),
      latest ? h("p", { class: "soft mono" }, `${latest.service || latest.kind} · ${latest.reply.status || "no answer"} · ${latest.reply.ms} ms`) : h("p", { class: "soft" }, "Nothing asked yet"),
      opened ? picker(exchange, again) : null),
    opened ? h("div", { id: "drawer-body", class: "drawer-body" }, exchange ? [tabs(again), shown(exchange)] : h("p", { class: "empty" }, "Nothing has been asked yet.")) : null);
}

function picker(exchange, again) {
  return h("select", { "aria-label": "Which exchange", "data-key": "exchange", on: { change: (event) => { chosen = session.exchanges[Number(event.target.value)]; again(); } } },
    session.exchanges.map((one, at) => h("option", { value: at, selected: one === exchange }, `${one.at} ${one.kind} ${one.service} → ${one.reply.status || "no answer"}`)));
}

function tabs(again) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    tab = TABS[(TABS.findIndex(([id]) => id === tab) + step + TABS.length) % TABS.length][0];
    again();
    document.getElementById(`tab-${tab}`).focus();
  };
  return h("div", { role: "tablist", "aria-label": "Parts of the exchange", class: "tabs" }, TABS.map(([id, text]) => h("button", {
    type: "button", role: "tab", id: `tab-${id}`, "data-key": `tab-${id}`, "aria-selected": String(id === tab), "aria-controls": "drawer-panel", tabindex: id === tab ? "0" : "-1",
    on: { click: () => { tab = id; again(); }, keydown: move },
  }, text)));
}

function shown(exchange) {
  const inside = {
    request: () => json(`POST cds-services/${exchange.service}${exchange.kind === "feedback" ? "/feedback" : ""}`, exchange.request),
    answer: () => json(`${exchange.reply.status || "no answer"} in ${exchange.reply.ms} ms${exchange.reply.fault ? `. ${exchange.reply.fault}` : ""}`, exchange.reply.body),
    explain: () => explained(explanationOf(exchange.reply.body)),
  }[tab]();
  return h("div", { role: "tabpanel", id: "drawer-panel", "aria-labelledby": `tab-${tab}`, class: "tabpanel" }, inside);
}

function json(line, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Copying is not allowed here");
    }
  };
  return [h("div", { class: "row" }, h("p", { class: "mono" }, line), button("Copy", copy, { class: "quiet" })), h("pre", { tabindex: "0", "aria-label": "JSON" }, text ?? "")];
}
