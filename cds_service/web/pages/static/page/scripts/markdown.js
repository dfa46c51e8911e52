// The Markdown of a card as DOM nodes: paragraphs, lists, headings, code, emphasis, links. Everything else, HTML and
// pictures included, stays the text that it is. No string of the service is ever parsed as markup.

import { dated, h } from "./dom.js";
import { safeLink } from "./links.js";

/** Nodes for a text in Markdown. */
export function markdown(text) {
  const blocks = [];
  let lines = String(text).replace(/\r\n?/g, "\n").split("\n");
  while (lines.length) {
    const [line] = lines;
    if (!line.trim()) lines = lines.slice(1);
    else if (/^```/.test(line)) lines = fence(lines, blocks);
    else if (bullet(line) || numbered(line)) lines = list(lines, blocks);
    else if (/^#{1,6} /.test(line)) {
      blocks.push(h("p", {}, h("strong", {}, inline(line.replace(/^#+ /, "")))));
      lines = lines.slice(1);
    } else lines = paragraph(lines, blocks);
  }
  return blocks;
}

const bullet = (line) => /^ {0,3}[-*+] +(.*)$/.exec(line);
const numbered = (line) => /^ {0,3}\d{1,9}[.)] +(.*)$/.exec(line);
const starts = (line) => bullet(line) || numbered(line) || /^(```|#{1,6} )/.test(line);

function fence(lines, blocks) {
  const end = lines.findIndex((line, at) => at > 0 && /^```\s*$/.test(line));
  const until = end < 0 ? lines.length : end;
  blocks.push(h("pre", {}, lines.slice(1, until).join("\n")));
  return lines.slice(until + 1);
}

function list(lines, blocks) {
  const item = bullet(lines[0]) ? bullet : numbered;
  const items = [];
  let at = 0;
  for (; at < lines.length && lines[at].trim(); at += 1) {
    const found = item(lines[at]);
    if (found) items.push(found[1]);
    else if (starts(lines[at])) break;
    else items[items.length - 1] += ` ${lines[at].trim()}`;
  }
  blocks.push(h(item === bullet ? "ul" : "ol", {}, items.map((one) => h("li", {}, inline(one)))));
  return lines.slice(at);
}

function paragraph(lines, blocks) {
  let at = 1;
  while (at < lines.length && lines[at].trim() && !starts(lines[at])) at += 1;
  const parts = lines.slice(0, at).flatMap((line, index) => (index ? [h("br"), inline(line.trim())] : [inline(line.trim())]));
  blocks.push(h("p", {}, parts));
  return lines.slice(at);
}

const PIECES = [
  [/^\\([!-/:-@[-`{-~])/, (found) => found[1]],
  [/^`([^`]+)`/, (found) => h("code", {}, found[1])],
  [/^!\[([^\]]*)\]\([^()\s]*\)/, (found) => found[1]],
  [/^\[([^\][]+)\]\(([^()\s]+)\)/, (found, deep) => linked(found[1], found[2], deep)],
  [/^<(https:\/\/[^\s<>]+)>/, (found) => linked(found[1], found[1], MOST_DEEP)],
  [/^\*\*([^\s*](?:[^*]*[^\s*])?)\*\*/, (found, deep) => h("strong", {}, inline(found[1], deep + 1))],
  [/^\*([^\s*](?:[^*]*[^\s*])?)\*/, (found, deep) => h("em", {}, inline(found[1], deep + 1))],
];
const MOST_DEEP = 5;

function inline(text, deep = 0) {
  if (deep >= MOST_DEEP) return dated(text);
  const out = [];
  let plain = "";
  for (let rest = text; rest;) {
    const hit = /[\\`![<*]/.test(rest[0]) && PIECES.map(([pattern, make]) => [pattern.exec(rest), make]).find(([found]) => found);
    if (hit) {
      out.push(dated(plain), hit[1](hit[0], deep));
      plain = "";
      rest = rest.slice(hit[0][0].length);
    } else {
      plain += rest[0];
      rest = rest.slice(1);
    }
  }
  return [...out, dated(plain)].flat(2);
}

function linked(words, url, deep) {
  const safe = safeLink(url);
  const inside = inline(words, deep + 1);
  return safe ? h("a", { href: safe, rel: "noopener noreferrer", target: "_blank" }, inside) : inside;
}
