// Days to pixels and back: what every chart by date shares.

const DAY_MS = 86_400_000;

/** A FHIR date as a number of days; a month or a year counts from its first day. NaN where it is no date. */
export function dayNumber(text) {
  const found = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?/.exec(text ?? "");
  return found ? Math.round(Date.UTC(Number(found[1]), Number(found[2] ?? 1) - 1, Number(found[3] ?? 1)) / DAY_MS) : NaN;
}

export const dateOf = (number) => new Date(number * DAY_MS).toISOString().slice(0, 10);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function shortDate(number) {
  const at = new Date(number * DAY_MS);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
}

/** Days from `first` to `last` over pixels from `left` to `right`. */
export function dayScale(first, last, left, right) {
  const width = Math.max(1, last - first);
  return (number) => left + ((Math.min(Math.max(number, first), last) - first) / width) * (right - left);
}

/** Days at which to draw a tick: at most `most`, on whole steps of days, weeks or months. */
export function ticks(first, last, most) {
  const step = [1, 2, 7, 14, 28, 56, 91, 182, 365].find((days) => (last - first) / days <= most) ?? Math.ceil((last - first) / most);
  const out = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) out.push(at);
  return out;
}
