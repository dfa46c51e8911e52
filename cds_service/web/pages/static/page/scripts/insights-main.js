// The dashboard put together: what is asked for stands in the address, so that a view can be kept or passed on.

import { h, redraw, say } from "./dom.js";
import { readJson } from "./hooks.js";
import { countsOf } from "./insights-counts.js";
import { chosen, drawFilters, questionOf } from "./insights-filters.js";
import { drawTheme } from "./view-theme.js";

const counts = document.getElementById("counts");
let asked = 0;

async function show() {
  const turn = ++asked;
  counts.setAttribute("aria-busy", "true");
  try {
    const question = questionOf();
    const data = await readJson(`insights/data?${question}`);
    if (turn !== asked) return;
    drawFilters(data, changed);
    redraw(counts, countsOf(data));
    say(`${data.totals.cards} cards of ${data.totals.calls} calls, ${data.asked.first} to ${data.asked.last}`);
  } catch (error) {
    if (turn !== asked) return;
    drawFilters(null, changed);
    redraw(counts, h("div", { class: "panel nothing", role: "alert" }, h("h2", {}, "There are no counts to show"), h("p", {}, error.message)));
  }
  counts.setAttribute("aria-busy", "false");
}

function changed(values) {
  const search = new URLSearchParams(Object.entries({ ...chosen(), ...values }).filter(([, value]) => value));
  history.replaceState(null, "", search.size ? `insights?${search}` : "insights");
  show();
}

document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
drawTheme(document.getElementById("theme"));
show();
