"""The words of the could-not-check card: which check, which data, why (rulebook rule 39, b.5)."""

from collections.abc import Iterable, Mapping

from cds_service.present.escape import inert
from cds_service.present.wording import CardText, fill, joined
from cds_service.record import Finding, Shortfall

_ORDER = ("medStatements", "medRequests", "medDispenses", "medAdministrations", "conditions", "pregnancyObs", "labs")


def words(finding: Finding, card: CardText) -> tuple[str, list[str]]:
    """(summary, bullets). One card lists all; the medication check comes first."""
    orders = _merged(shortfall for shortfall in finding.shortfalls if shortfall.data == "orders")
    if any(shortfall.data == "service" for shortfall in finding.shortfalls):
        return card.summary("fault", {}), card.details("fault", {})
    lines = _lines(finding, card)
    if orders:
        which = joined([inert(reference) for reference in finding.evidence[:2]])
        said = [{"problem": card.tables["order_causes"][one.cause], "which": which} for one in orders]
        bullets = [bullet for values in said for bullet in card.details("orders", values)]
        return card.summary("orders", said[0]), [*bullets, *_bullets(lines, card)]
    if all(shortfall.cause == "no-birth-date" for shortfall in finding.shortfalls):
        return card.summary("birth-date", {}), card.details("done", {})
    if all(shortfall.data == "release" for shortfall in finding.shortfalls):
        return card.summary("release", {}), card.details("done", {})
    first, *rest = lines
    others = [line["check"] for line in rest if line["check"] != first["check"]]
    also = dict.fromkeys(others)
    values = {**first, "also": joined(list(also)), "also_count": str(len(also) or "")}
    return card.summary("default", values), [*(_bullets(lines, card) if rest else []), *card.details("done", {})]


def _bullets(lines: list[Mapping[str, str]], card: CardText) -> list[str]:
    return [bullet for line in lines for bullet in card.details("default", line)]


def _lines(finding: Finding, card: CardText) -> list[Mapping[str, str]]:
    """One line for each check and data name; two lists with the same fault are one line."""
    lines: dict[tuple[str, str, str], Mapping[str, str]] = {}
    for shortfall in sorted(_merged(finding.shortfalls), key=_place):
        if shortfall.data == "orders":
            continue
        check, name = _names(shortfall, finding, card)
        cause = card.tables["causes"].get(shortfall.cause, card.tables["causes"]["server-error"])
        problem = fill(cause, {"count": str(shortfall.count)}, keep=True) or ""
        lines.setdefault((check, name, problem), {"check": check, "name": name, "problem": problem})
    return list(lines.values())


def _merged(shortfalls: Iterable[Shortfall]) -> list[Shortfall]:
    """Counts of one cause over one kind of data added up."""
    counts: dict[tuple[str, str], int] = {}
    for shortfall in shortfalls:
        key = (shortfall.data, shortfall.cause)
        counts[key] = counts.get(key, 0) + shortfall.count
    return [Shortfall(data, cause, count) for (data, cause), count in counts.items()]


def _place(shortfall: Shortfall) -> int:
    return _ORDER.index(shortfall.data) if shortfall.data in _ORDER else len(_ORDER)


def _names(shortfall: Shortfall, finding: Finding, card: CardText) -> tuple[str, str]:
    data = card.tables["data"]
    if shortfall.data.startswith("rule "):
        check, name = data["rule"]
        return fill(check, {"rule": shortfall.data[5:]}, keep=True) or "", name
    check, name = data.get(shortfall.data, data["patient"])
    if finding.wording == "reverse" and shortfall.data in ("medStatements", "medRequests"):
        check = data["reverse"][0]
    return check, name
