"""The page's own small parts, each alone in the browser: Markdown, links, dates, drafts."""

from collections.abc import Callable
from typing import Any

import pytest
from entry import BASELINE, checked
from playwright.sync_api import Page

Open = Callable[..., Page]


@pytest.fixture
def page(visit: Open) -> Page:
    opened = visit(BASELINE)
    checked(opened)
    return opened


def rendered(page: Page, text: str) -> str:
    """The nodes for a text, written out as markup."""
    found: str = page.evaluate(
        """async (text) => {
            const { markdown } = await import("/page/scripts/markdown.js");
            const box = document.createElement("div");
            box.append(...markdown(text));
            return box.innerHTML;
        }""",
        text,
    )
    return found


def test_markdown_becomes_nodes_and_nothing_else_does(page: Page) -> None:
    for text, markup in {
        "- one\n- **two** and *three*": "<ul><li>one</li><li><strong>two</strong> and <em>three</em></li></ul>",
        "- one\n\nfour": "<ul><li>one</li></ul><p>four</p>",
        "1. a\n2. b": "<ol><li>a</li><li>b</li></ol>",
        "## head\nline\nnext": "<p><strong>head</strong></p><p>line<br>next</p>",
        "`<b>`": "<p><code>&lt;b&gt;</code></p>",
        "<b onclick=x>b</b> &amp;": "<p>&lt;b onclick=x&gt;b&lt;/b&gt; &amp;amp;</p>",
        "\\*not\\* \\[a\\](b)": "<p>*not* [a](b)</p>",
        "```\n<x>\n```": "<pre>&lt;x&gt;</pre>",
        "2 * 3 * 4 and 4.5 mg": "<p>2 * 3 * 4 and 4.5 mg</p>",
        "[x](http://elsewhere.example/)": "<p>x</p>",
        "on 2026-03-07.": '<p>on <span class="day">2026-03-07</span>.</p>',
        "": "",
    }.items():
        assert rendered(page, text) == markup
    deep = rendered(page, "*a " * 3000)
    assert deep.count("<em>") == 0


def test_only_https_and_this_service_become_links(page: Page) -> None:
    found: list[Any] = page.evaluate(
        """async (urls) => {
            const { safeLink } = await import("/page/scripts/links.js");
            return urls.map((url) => safeLink(url));
        }""",
        [
            "https://example.org/a",
            "http://example.org/",
            "javascript:alert(1)",
            "data:text/html,x",
            "//[",
            "ftp://example.org/",
            "https://user:pass@example.org/",
            "source-attributes",
            page.url.replace("127.0.0.1", "localhost"),
            "http://localhost:1/",
        ],
    )
    assert found[:7] == ["https://example.org/a", None, None, None, None, None, None]
    assert found[7].endswith("/source-attributes")
    assert found[8] is not None
    assert found[9] is None


def test_dates_are_whole_days_wherever_the_clock_stands(page: Page) -> None:
    found = page.evaluate(
        """async () => {
            const { dayNumber, dateOf } = await import("/page/scripts/scale.js");
            return ["2026-03-29", "2026-03", "2026", "2026-10-25T23:30:00-05:00"].map((one) => dateOf(dayNumber(one)))
                .concat(String(dayNumber("soon")), String(dayNumber(undefined)));
        }"""
    )
    assert found == ["2026-03-29", "2026-03-01", "2026-01-01", "2026-10-25", "NaN", "NaN"]


def test_a_field_changes_what_it_names_and_keeps_the_rest(page: Page) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "a",
        "status": "draft",
        "intent": "order",
        "priority": "urgent",
        "medicationReference": {"reference": "Medication/m"},
        "extension": [{"url": "urn:x", "valueString": "kept"}],
        "dosageInstruction": [
            {
                "text": "t",
                "timing": {
                    "repeat": {
                        "frequency": 1,
                        "period": 1,
                        "periodUnit": "d",
                        "boundsPeriod": {"start": "2026-01-01", "end": "2026-01-20"},
                    }
                },
            }
        ],
        "dispenseRequest": {"validityPeriod": {"start": "2026-01-02"}, "quantity": {"value": 3}},
    }
    changed: dict[str, Any] = page.evaluate(
        """async (order) => {
            const { withField, fieldsOf } = await import("/page/scripts/drafts.js");
            const { session } = await import("/page/scripts/session.js");
            const before = fieldsOf(order, session.catalogue).start;
            const moved = withField(order, "start", "2026-02-01", session.catalogue);
            const next = withField(moved, "reasonText", "knee", session.catalogue);
            return { before, next, untouched: order };
        }""",
        order,
    )
    assert changed["before"] == "2026-01-02"
    assert changed["untouched"] == order
    line = {**order["dosageInstruction"][0]}  # type: ignore[index]
    line["timing"] = {
        "repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2026-02-01"}}
    }
    assert changed["next"] == {
        **order,
        "dosageInstruction": [line],
        "dispenseRequest": {"validityPeriod": {"start": "2026-02-01"}, "quantity": {"value": 3}},
        "reasonCode": [{"text": "knee"}],
    }


def test_actions_are_taken_as_a_transaction(page: Page) -> None:
    found = page.evaluate(
        """async () => {
            const { afterActions } = await import("/page/scripts/drafts.js");
            const draft = (id) => ({ key: id, resource: { resourceType: "MedicationRequest", id }, selected: false });
            const actions = [
                { type: "update", resource: { resourceType: "MedicationRequest", id: "b", note: [] } },
                { type: "create", resource: { resourceType: "ServiceRequest" } },
                { type: "delete", resourceId: "MedicationRequest/a" },
            ];
            const before = [draft("a"), draft("b")];
            const after = afterActions(before, actions, () => "new");
            let refused = "";
            try {
                afterActions(before, [{ type: "delete", resourceId: "MedicationRequest/z" }], () => "");
            } catch (error) {
                refused = error.message;
            }
            const named = after.map(({ resource, selected }) => `${resource.resourceType}/${resource.id} ${selected}`);
            return [named, before.length, refused];
        }"""
    )
    assert found == [
        ["MedicationRequest/b true", "ServiceRequest/new true"],
        2,
        "There is no draft MedicationRequest/z.",
    ]
