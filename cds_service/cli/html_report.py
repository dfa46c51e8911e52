"""The result of a replay as one HTML file that needs nothing else: no script, no font, no address is loaded."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from cds_service import __version__
from cds_service.cli.asking import Reply
from cds_service.cli.json_text import written
from cds_service.cli.replay import Result
from cds_service.cli.report import patient_of
from cds_service.cli.terminal import plain

_MOST_WHOLE = 100
"""Up to so many cases, those that agree show request and answer too; in a longer run they would make a file of
dozens of megabytes that nobody looks at."""
_MARKS = {"-": ("del", "was expected"), "+": ("ins", "came")}


def html_report(results: Sequence[Result], *, asked: str, made: datetime, comparing: bool = False) -> str:
    """`asked` says what was asked, such as an address; `made` is when. Whatever stands in an answer is only text."""
    failed = [result for result in results if not result.verdict.agrees]
    agreed = [result for result in results if result.verdict.agrees]
    whole = len(results) <= _MOST_WHOLE
    words = ("changed", "the same") if comparing else ("failed", "passed")
    page = Template((files("cds_service.cli") / "report.html").read_text("utf-8"))
    return page.substitute(
        title=_text(f"{'Comparison' if comparing else 'Replay'}: {len(failed)} of {len(results)} {words[0]}"),
        asked=_text(asked),
        made=_text(made.isoformat(sep=" ", timespec="seconds")),
        version=_text(__version__),
        headings=_text(f"{words[0]}: {len(failed)}"),
        failed="\n".join(_case(result, words[0], comparing, whole=True) for result in failed) or "<p>None.</p>",
        agreed_heading=_text(f"{words[1]}: {len(agreed)}"),
        agreed="\n".join(_case(result, words[1], comparing, whole=whole) for result in agreed) or "<p>None.</p>",
    )


def _case(result: Result, word: str, comparing: bool, *, whole: bool) -> str:
    """One case, folded up where it agrees; `whole` with request, expectation and answer."""
    opened = "" if result.verdict.agrees else " open"
    case = result.case
    facts = f"Patient/{patient_of(result)}, {case.request.get('hook')}, {case.expected['release']}, as of "
    facts += f"{case.expected['as_of']}, {result.seconds * 1000:.0f} ms"
    return "".join(
        [
            f'<details class="case"{opened}><summary><b class="{"agrees" if result.verdict.agrees else "fails"}">',
            f"{_text(word)}</b> <code>{_text(case.name)}</code> {_text(case.expected['title'])}</summary>",
            f"<p>{_text(facts)}</p>",
            *(f"<p>Note: {_text(note)}</p>" for note in result.notes),
            _difference(result.verdict.difference),
            *(_bodies(result, comparing) if whole else ()),
            "</details>",
        ]
    )


def _difference(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f'<h3>Difference</h3><div class="difference">{"".join(map(_line, lines))}</div>'


def _line(line: str) -> str:
    """Colour is not the only mark: the sign stays, and a screen reader is told by the element."""
    if line.startswith(("---", "+++")) or line[:1] not in _MARKS:
        return f"<pre>{_text(line) or ' '}</pre>"
    element, title = _MARKS[line[0]]
    return f'<pre><{element} title="{title}">{_text(line)}</{element}></pre>'


def _bodies(result: Result, comparing: bool) -> Iterator[str]:
    reply = result.reply
    yield _json("Request", reply.request if reply else result.case.request)
    if comparing:
        yield _got("First answer", reply)
        yield _got("Second answer", result.other)
        return
    yield _json("Expected", {name: result.case.expected[name] for name in ("cards", "never")})
    yield _got("Got", reply)


def _got(heading: str, reply: Reply | None) -> str:
    if reply is None or reply.fault:
        return f"<h3>{_text(heading)}</h3><p>{_text(reply.fault if reply else 'nothing')}</p>"
    return _json(heading, {"cards": reply.cards})


def _json(heading: str, value: Any) -> str:
    return f"<details><summary>{_text(heading)}</summary><pre>{_text(written(value))}</pre></details>"


def _text(value: Any) -> str:
    return escape(plain(value))
