// The page put together: what is loaded first, and which part draws where.

import { h, redraw } from "./dom.js";
import { discover, readJson } from "./hooks.js";
import { openNamed } from "./opening.js";
import { change, session, watch } from "./session.js";
import { drawCards } from "./view-cards.js";
import { drawDrawer } from "./view-drawer.js";
import { drawOrders } from "./view-orders.js";
import { drawPatient } from "./view-patient.js";
import { drawRecord } from "./view-record.js";
import { drawTheme } from "./view-theme.js";
import { drawTimeline } from "./view-timeline.js";

// Shown where the address names nobody: a washout that is not over, which is what this service is most often about.
const FIRST = "opioid-recent-washout/fires-c05-month-of-use-ended-five-days-ago";

const parts = [
  ["patient", drawPatient, ["patient", "people"]],
  ["record", drawRecord, ["patient"]],
  ["timeline", drawTimeline, ["patient", "read", "drafts"]],
  ["orders", drawOrders, ["drafts", "active", "signed", "phase", "catalogue", "patient", "check", "answers"]],
  ["cards", drawCards, ["check", "phase", "answers", "reasons", "undelivered", "signed", "drafts"]],
  ["drawer", drawDrawer, ["exchanges", "check"]],
];

async function start() {
  drawTheme(document.getElementById("theme"));
  for (const [id, draw, names] of parts) {
    const region = document.getElementById(id);
    watch(names, () => { if (session.patient) draw(region); });
  }
  const [services, catalogue, list] = await Promise.all([discover(), readJson("page/data/catalogue.json"), readJson("patients")]);
  change({ services, catalogue, people: list.patients });
  if (!list.patients.length) throw new Error("there are no synthetic patients");
  const named = decodeURIComponent(location.hash.slice(1));
  await openNamed(list.patients.some((one) => one.id === named) ? named : list.patients.some((one) => one.id === FIRST) ? FIRST : list.patients[0].id);
}

window.addEventListener("hashchange", () => {
  const named = decodeURIComponent(location.hash.slice(1));
  if (session.people.some((one) => one.id === named) && session.patient?.id !== named) openNamed(named).catch(failed);
});

function failed(error) {
  redraw(document.getElementById("main"), h("div", { class: "notice-block", role: "alert" },
    h("h1", {}, "The page could not start"), h("p", {}, `The service did not answer as expected: ${error.message}`),
    h("p", {}, h("a", { href: "./" }, "Try again"))));
}

start().catch(failed);
