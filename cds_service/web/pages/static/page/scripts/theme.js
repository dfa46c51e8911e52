// Before anything is drawn: the theme that was chosen last time, so that the page does not flash. No module, no import.
(function () {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden; the system's preference then stands.
  }
})();
