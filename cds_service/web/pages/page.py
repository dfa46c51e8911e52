"""The source-attribute pages as HTML: everything escaped, no script, nothing loaded from anywhere."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2a37}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #b8c0cc;padding:.4rem;text-align:left;"
    "vertical-align:top}strong{color:#a4161a}"
)
_DIGEST = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def service_page(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The page of the whole service. `said` is `present.attributes.of_service`, `words` the `[page]` table."""
    rules = "".join(
        f'<li value="{rule["number"]}"><a href="source-attributes/{_text(rule["id"])}">{_text(rule["title"])}</a></li>'
        for rule in said["rules"]
    )
    signed = f"<p>{_text(words['approval'])}: {_text(said['approval'])}.</p>"
    parts = [_approval(said), signed, _attributes(said, words), _trials(said, words), _limits(said, words)]
    parts += [f"<h2>{_text(words['rules'])}</h2><ol>{rules}</ol>", _numbers(said, words)]
    return _page(said["title"], parts, said)


def rule_page(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The page of one rule. `said` is `present.attributes.of_rule`."""
    title = f"{said['number']}. {said['title']} ({said['rule']})"
    back = f'<p><a href="../source-attributes">{_text(words["title"])}</a></p>'
    parts = [_approval(said), _attributes(said, words), _trials(said, words), _limits(said, words), back]
    return _page(title, parts, said)


def _page(title: str, parts: Iterable[str], said: Mapping[str, Any]) -> str:
    foot = f"<p>{_text(said['regulation'])}</p><p>{_text(said['knowledgeVersion'])}</p>"
    head = f'<meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
    body = f"<h1>{_text(title)}</h1>{''.join(parts)}{foot}"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _approval(said: Mapping[str, Any]) -> str:
    status = _text(said["status"])
    return f"<p>{status}</p>" if said["approved"] else f"<p><strong>{status}</strong></p>"


def _attributes(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rows = ([one["number"], one["name"], one["value"]] for one in said["attributes"])
    return f"<h2>{_text(words['attributes'])}</h2>{_table(rows)}"


def _trials(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rows = (
        [
            one["name"],
            f"{one['design']}; {one['size']}" if "size" in one else one["design"],
            one["outcome"],
            f"{one['result']} {one.get('caution', '')}".strip(),
            one.get("cite", ""),
        ]
        for one in said["trials"]
    )
    return f"<h2>{_text(words['trials'])}</h2><p>{_text(words['trials_note'])}</p>{_table(rows)}"


def _limits(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    lines = "".join(f"<p>{_text(line)}</p>" for line in said["limits"])
    return f"<h2>{_text(words['limits'])}</h2>{lines}"


def _numbers(said: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rows = (
        [one["name"], f"{_number(one['value'])} {one['unit']}", one["source"], one["decidedBy"]]
        for one in said["numbers"]
    )
    return f"<h2>{_text(words['numbers'])}</h2>{_table(rows)}"


def _number(value: Any) -> str:
    return " to ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _table(rows: Iterable[Iterable[Any]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{body}</table>"


def _text(value: Any) -> str:
    return escape(str(value), quote=True)
