// Counts as pictures: columns by day, bars by name, lines by day. Each draws for a width in pixels.

import { svg } from "./dom.js";
import { dateOf, dayNumber, shortDate } from "./scale.js";

const NUMBER = new Intl.NumberFormat("en-US");
export const whole = (value) => NUMBER.format(value);
export const percent = (part, all) => (!all ? "" : part && part / all < 0.005 ? "< 1 %" : part < all && part / all > 0.995 ? "> 99 %" : `${Math.round((100 * part) / all)} %`);

const LEAST_COLUMN = 5;
const WIDEST_COLUMN = 36;
const LETTER = 6.6;

/** Columns of parts upon each other, a day each, or a week or four where days would be too thin. */
export function columns(days, parts, { first, last }, width, unit) {
  const [height, top, bottom] = [190, 14, 166];
  const [from, to] = [dayNumber(first), dayNumber(last)];
  const room = width - 56;
  const step = [1, 7, 28].find((one) => room / Math.ceil((to - from + 1) / one) >= LEAST_COLUMN) ?? 91;
  const groups = grouped(days, parts, from, to, step);
  const scale = niceScale(Math.max(1, ...groups.map((one) => one.total)), 4);
  const left = 12 + 7 * whole(scale.most).length;
  const slot = (width - left - 6) / groups.length;
  const wide = Math.min(WIDEST_COLUMN, Math.max(1.5, slot * 0.78));
  const y = (value) => bottom - (value / scale.most) * (bottom - top);
  const x = (at) => left + (at + 0.5) * slot;
  const span = step === 1 ? "" : step === 7 ? " by week" : step === 28 ? " by four weeks" : " by quarter";
  return picture(width, height, `${whole(sum(groups.map((one) => one.total)))} ${unit}${span}, ${first} to ${last}; most ${whole(Math.max(...groups.map((one) => one.total)))} at once. ${parts.map(([name, text]) => `${text} ${whole(sum(groups.map((one) => one[name])))}`).join(", ")}`,
    scale.ticks.map((value) => [
      svg("line", { class: "grid", x1: left, x2: width - 6, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, whole(value)),
    ]),
    groups.map((group, at) => {
      let base = bottom;
      return svg("g", {}, svg("title", {}, `${dateOf(group.day)}${step > 1 ? ` to ${dateOf(Math.min(group.day + step - 1, to))}` : ""}: ${whole(group.total)} ${unit}; ${parts.map(([name, text]) => `${text} ${whole(group[name])}`).join(", ")}`),
        parts.map(([name]) => {
          const tall = group[name] ? Math.max(1, bottom - y(group[name])) : 0;
          base -= tall;
          return tall ? svg("rect", { class: `part-${name}`, x: x(at) - wide / 2, y: base, width: wide, height: tall }) : null;
        }));
    }),
    svg("line", { class: "axis", x1: left, x2: width - 6, y1: bottom, y2: bottom }),
    spread(groups.length, Math.max(2, Math.floor((width - left) / 78))).map((at) => dateText(groups[at].day, x(at), bottom + 17, left, width)),
    step > 1 ? svg("text", { class: "tick", x: width - 6, y: top - 3, "text-anchor": "end" }, span.trim()) : null);
}

function grouped(days, parts, from, to, step) {
  const groups = Array.from({ length: Math.ceil((to - from + 1) / step) }, (_, at) => ({ day: from + at * step, total: 0, ...Object.fromEntries(parts.map(([name]) => [name, 0])) }));
  for (const one of days) {
    const group = groups[Math.floor((dayNumber(one.day) - from) / step)];
    if (!group) continue;
    for (const [name] of parts) {
      group[name] += one[name];
      group.total += one[name];
    }
  }
  return groups;
}

/** A bar of parts for each name. Names stand beside their bars, or above them where there is little room. */
export function bars(rows, parts, width, unit, names = 0) {
  const beside = names || Math.min(230, Math.round(width * 0.36));
  const above = !names && (width < 520 || rows.some((one) => one.name.length > (beside - 10) / LETTER));
  const row = above ? 40 : 26;
  const left = above ? 2 : beside;
  const most = Math.max(1, ...rows.map((one) => one.total));
  const right = width - 16 - 7 * Math.max(...rows.map((one) => whole(one.total).length));
  const long = (value) => (value / most) * (right - left);
  const letters = Math.floor((above ? width : left - 10) / LETTER);
  return picture(width, rows.length * row + 6, rows.slice(0, 12).map((one) => `${one.name}: ${whole(one.total)} ${unit}`).join(". "),
    rows.map((one, at) => {
      const middle = at * row + (above ? 26 : 14);
      const all = sum(parts.map(([name]) => one[name]));
      let x = left;
      return svg("g", {}, svg("title", {}, `${one.name}: ${whole(one.total)} ${unit}${parts.length > 1 ? `; ${parts.map(([name, text]) => `${text} ${whole(one[name])}`).join(", ")}` : ""}`),
        svg("text", { class: "name", x: above ? 2 : left - 8, y: above ? middle - 12 : middle + 4, "text-anchor": above ? "start" : "end" }, cut(one.name, letters)),
        parts.map(([name]) => {
          // A card may be both accepted and overridden; its parts then share the bar.
          const part = all ? long(one.total) * (one[name] / all) : 0;
          x += part;
          return part ? svg("rect", { class: `part-${name}`, x: x - part, y: middle - 7, width: Math.max(1, part), height: 14 }) : null;
        }),
        svg("text", { class: "count", x: left + Math.max(1, long(one.total)) + 6, y: middle + 4 }, whole(one.total)));
    }));
}

/** A line for each name, by day, on a scale of tens: what takes twice as long is as far away everywhere. */
export function lines(days, names, { first, last }, width, written) {
  const [height, top, bottom, left] = [190, 14, 166, 66];
  const [from, to] = [dayNumber(first), dayNumber(last)];
  const values = days.flatMap((one) => names.map((name) => one[name]));
  const [least, most] = [1, 10 ** Math.ceil(Math.log10(Math.max(100, ...values)))];
  const x = (day) => (to === from ? (left + width - 6) / 2 : left + 8 + ((day - from) / (to - from)) * (width - left - 22));
  const y = (value) => bottom - (Math.log10(value / least) / Math.log10(most / least)) * (bottom - top);
  const levels = Array.from({ length: Math.round(Math.log10(most)) + 1 }, (_, at) => 10 ** at);
  const dots = days.length <= 45;
  return picture(width, height, `Times by day. ${names.map((name) => `${name === "half" ? "Half of the calls" : "95 % of the calls"} within ${written(Math.min(...days.map((one) => one[name])))} to ${written(Math.max(...days.map((one) => one[name])))}`).join(", ")}`,
    levels.map((value) => [
      svg("line", { class: "grid", x1: left, x2: width - 6, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, `${whole(value)} ms`),
    ]),
    names.map((name) => [
      svg("path", { class: `line-${name}`, d: days.map((one, at) => `${at ? "L" : "M"}${x(dayNumber(one.day)).toFixed(1)} ${y(one[name]).toFixed(1)}`).join("") }),
      dots ? days.map((one) => svg("circle", { class: `dot-${name}`, cx: x(dayNumber(one.day)), cy: y(one[name]), r: 3 }, svg("title", {}, `${one.day}: ${written(one[name])}`))) : null,
    ]),
    svg("line", { class: "axis", x1: left, x2: width - 6, y1: bottom, y2: bottom }),
    spread(to - from + 1, Math.max(2, Math.floor((width - left) / 78))).map((at) => dateText(from + at, x(from + at), bottom + 17, left, width)));
}

function picture(width, height, label, ...parts) {
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, parts);
}

const dateText = (day, x, y, left, width) => svg("text", { class: "tick", x: Math.min(Math.max(x, left + 14), width - 20), y, "text-anchor": "middle" }, shortDate(day));

const sum = (values) => values.reduce((all, one) => all + one, 0);
const cut = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);

/** From zero to a round number, in at most `most` whole steps. */
function niceScale(value, most) {
  const power = 10 ** Math.floor(Math.log10(value / most));
  const step = Math.max(1, [1, 2, 5, 10].map((one) => one * power).find((one) => value / one <= most));
  const count = Math.ceil(value / step);
  return { most: count * step, ticks: Array.from({ length: count + 1 }, (_, at) => at * step) };
}

/** At most `most` places out of `count`, evenly apart. */
function spread(count, most) {
  const step = Math.ceil(count / most);
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => at * step);
}
