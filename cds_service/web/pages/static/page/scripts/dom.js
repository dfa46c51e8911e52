// Elements from values. Text is always set as text: nothing here or elsewhere parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `props`: attributes by name; `on` an object of listeners; `class`; null and false are left out. */
export function h(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * New content for a region; what had the focus, named by `data-key`, has it again, at the same letter, or else the region.
 * A select in use stays in its place, as a new one would not know the letters typed so far.
 */
export function redraw(region, ...children) {
  const used = document.activeElement;
  const inside = region.contains(used) && region !== used;
  const key = inside ? used.dataset.key : undefined;
  const open = new Set([...region.querySelectorAll("details[open][data-key]")].map((one) => one.dataset.key));
  const fresh = new DocumentFragment();
  fresh.append(...children.flat(Infinity).filter(Boolean));
  const stays = key !== undefined && used.matches("select") && replacedAround(region, fresh, used, keyed(fresh, key));
  if (!stays) region.replaceChildren(fresh);
  for (const one of region.querySelectorAll("details[data-key]")) if (open.has(one.dataset.key)) one.open = true;
  if (!inside || stays) return;
  const again = key === undefined ? null : keyed(region, key);
  const { selectionStart: from, selectionEnd: to } = used;
  (again ?? region.closest("[tabindex]"))?.focus({ preventScroll: true });
  if (again && typeof from === "number") again.setSelectionRange(from, to);
}

const keyed = (place, key) => place.querySelector(`[data-key="${CSS.escape(key)}"]`);

/** Replaces all but `used` and what it lies in, where the new content has the same choice at the same place. */
function replacedAround(region, fresh, used, again) {
  const [ours, theirs] = [pathTo(region, used), again ? pathTo(fresh, again) : []];
  const choices = (select) => [...select.options].map((one) => `${one.value} ${one.text}`).join("\n");
  if (ours.length !== theirs.length || !ours.every((one, at) => one.tagName === theirs[at].tagName) || choices(used) !== choices(again)) return false;
  used.value = again.value;
  ours.forEach((mine, at) => {
    const place = mine.parentNode;
    for (const one of [...place.childNodes]) if (one !== mine) one.remove();
    for (let before = theirs[at].parentNode.firstChild; before !== theirs[at]; before = theirs[at].parentNode.firstChild) place.insertBefore(before, mine);
    while (theirs[at].nextSibling) place.append(theirs[at].nextSibling);
    for (const { name, value } of theirs[at].attributes) mine.setAttribute(name, value);
  });
  return true;
}

/** The elements from a place down to one in it, the innermost first. */
function pathTo(place, element) {
  return element === place ? [] : [element, ...pathTo(place, element.parentNode)];
}

/** Text with its ISO dates kept whole: a line never ends inside one. */
export function dated(text) {
  return String(text).split(/(\b\d{4}-\d{2}-\d{2}\b)/).map((part, at) => (at % 2 ? h("span", { class: "day" }, part) : part)).filter(Boolean);
}

export function button(text, act, props = {}) {
  const { class: kind = "", ...more } = props;
  return h("button", { type: "button", class: `button ${kind}`.trim(), on: { click: act }, ...more }, text);
}

/** Told to whoever does not see the page. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 30);
}

let numbered = 0;
export const newId = (prefix) => `${prefix}-${++numbered}`;

/** A place whose picture is drawn anew for each width that it gets, so that its letters keep their size. */
export function fitted(draw, props = {}) {
  const place = h("div", props);
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now < 1 || Math.abs(now - width) < 2) return;
    width = now;
    requestAnimationFrame(() => place.replaceChildren(draw(width))); // what is drawn changes heights, so not in here
  }).observe(place);
  return place;
}

/** A modal dialog that cleans up after itself and gives the focus back. */
export function dialog(title, body) {
  const opener = document.activeElement;
  const { key } = opener?.dataset ?? {};
  const name = newId("dialog");
  const box = h("dialog", { "aria-labelledby": name },
    h("div", { class: "dialog-head" }, h("h2", { id: name }, title), button("Close", () => box.close())),
    h("div", { class: "dialog-body" }, body));
  box.addEventListener("close", () => {
    box.remove();
    const again = key === undefined ? opener : keyed(document, key);
    (again?.isConnected ? again : document.getElementById("orders")).focus();
  });
  document.body.append(box);
  box.showModal();
  return box;
}
