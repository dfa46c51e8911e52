// The switch between the system's theme, light and dark; the choice is kept in this browser.

import { h } from "./dom.js";

const CHOICES = [["", "System"], ["light", "Light"], ["dark", "Dark"]];

export function drawTheme(region) {
  const root = document.documentElement;
  const chosen = h("select", { "aria-label": "Theme", on: { change: () => choose(chosen.value) } },
    CHOICES.map(([value, text]) => h("option", { value, selected: (root.dataset.theme ?? "") === value }, text)));
  region.replaceChildren(chosen);

  function choose(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }
}
