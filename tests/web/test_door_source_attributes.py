"""The pages behind a card's link: 13 attributes, the trials, who approved; JSON or HTML, nothing active."""

import json
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from cds_service.content import cards_dir
from cds_service.feedback.store import FeedbackStore
from cds_service.present.knowledge import ATTRIBUTES
from cds_service.rules import rules
from cds_service.settings import Settings
from cds_service.web.app import create_app

AS_HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def opened(folder: Path, **settings: str) -> FlaskClient:
    address = f"sqlite:///{folder}/cards.sqlite"
    return create_app(Settings(database_url=address, **settings)).test_client()  # type: ignore[arg-type]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[FlaskClient]:
    with closing(FeedbackStore(f"sqlite:///{tmp_path}/cards.sqlite")):
        yield opened(tmp_path)


@pytest.mark.parametrize("rule", sorted(rules()))
def test_every_rule_has_all_13_attributes_with_a_value(rule: str, real: FlaskClient) -> None:
    said = real.get(f"/source-attributes/{rule}").get_json()
    assert [(one["number"], one["id"]) for one in said["attributes"]] == list(enumerate(ATTRIBUTES, 1))
    assert all(one["name"] and one["value"] and "{{" not in one["value"] for one in said["attributes"])
    assert said["rule"] == rule
    assert said["approved"] is False
    assert "Not clinically approved" in said["status"]


def test_what_only_the_owner_knows_is_left_to_the_owner(real: FlaskClient) -> None:
    attributes = real.get("/source-attributes").get_json()["attributes"]
    assert all("filled by the owner" in attributes[place]["value"] for place in (1, 2))


def test_a_card_overrides_the_defaults_for_its_rule(real: FlaskClient) -> None:
    values = {
        rule: {one["id"]: one["value"] for one in real.get(f"/source-attributes/{rule}").get_json()["attributes"]}
        for rule in ("pregnancy-unknown", "opioid-active")
    }
    assert values["pregnancy-unknown"]["sex"].startswith("Used: only to decide")
    assert values["opioid-active"]["sex"] == "Not used."
    assert "Naltrexone tablet label" in values["opioid-active"]["citation"]


def test_the_index_leads_to_every_rule(real: FlaskClient) -> None:
    said = real.get("/source-attributes").get_json()
    assert {one["id"] for one in said["rules"]} == set(rules())
    assert all(real.get(one["path"]).status_code == 200 for one in said["rules"])


@pytest.mark.parametrize("path", ["/source-attributes", "/source-attributes/titration-order-set"])
def test_the_trials_are_told_negative_ones_included(path: str, real: FlaskClient) -> None:
    said = real.get(path).get_json()
    outcomes = {trial["id"]: trial["outcome"] for trial in said["trials"]}
    assert outcomes["due-bruun-2024"] == outcomes["innova"] == "no benefit over placebo shown"
    assert "better than placebo" in outcomes.values()
    shown = page(real.get(path, headers=AS_HTML).get_data(as_text=True)).text
    assert "no benefit over placebo shown" in shown
    assert "Due Bruun 2024" in shown
    assert "Not clinically approved" in shown


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html", "text/html"),
        (AS_HTML["Accept"], "text/html"),
        ("application/json;q=0.2, text/html;q=0.9", "text/html"),
        ("image/png", "application/json"),
    ],
)
def test_the_caller_chooses_json_or_html(accept: str | None, kind: str, real: FlaskClient) -> None:
    answer = real.get("/source-attributes/opioid-active", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert answer.mimetype == kind
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/source-attributes", "/source-attributes/opioid-active"])
def test_a_page_holds_nothing_active_and_loads_nothing(path: str, real: FlaskClient) -> None:
    answer = real.get(path, headers=AS_HTML)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    tags = page(answer.get_data(as_text=True)).seen
    assert not {tag for tag, _ in tags} & {"script", "img", "iframe", "form", "link", "object", "svg"}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "src"]


@pytest.mark.parametrize("path", ["/source-attributes", "/source-attributes/opioid-active"])
def test_every_link_of_a_page_leads_somewhere(path: str, real: FlaskClient) -> None:
    tags = page(real.get(path, headers=AS_HTML).get_data(as_text=True)).seen
    links = [attributes["href"] or "" for tag, attributes in tags if tag == "a"]
    assert links
    assert {real.get(urljoin(path, link)).status_code for link in links} == {200}


def test_words_of_a_card_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "ours" / "opioid"
    folder.mkdir(parents=True)
    shipped = (cards_dir() / "opioid" / "opioid-active.md").read_text("utf-8")
    spoiled = shipped.replace("Current opioid", "<script>alert(1)</script>")
    (folder / "opioid-active.md").write_text(spoiled, "utf-8")
    (tmp_path / "site.toml").write_text('cards = "ours"\n', "utf-8")
    client = opened(tmp_path, site_file=str(tmp_path / "site.toml"))
    for path in ("/source-attributes", "/source-attributes/opioid-active"):
        text = client.get(path, headers=AS_HTML).get_data(as_text=True)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_a_signed_card_names_who_approved_it(tmp_path: Path) -> None:
    folder = tmp_path / "ours" / "opioid"
    folder.mkdir(parents=True)
    shipped = (cards_dir() / "opioid" / "opioid-active.md").read_text("utf-8")
    signed = shipped.replace('approved_by = ""', 'approved_by = "Dr A"').replace(
        'approved_on = ""', 'approved_on = "2026-03-01"'
    )
    (folder / "opioid-active.md").write_text(signed, "utf-8")
    (tmp_path / "site.toml").write_text('cards = "ours"\n', "utf-8")
    client = opened(tmp_path, site_file=str(tmp_path / "site.toml"))
    said = client.get("/source-attributes/opioid-active").get_json()
    assert (said["approved"], said["status"]) == (True, "Approved by Dr A on 2026-03-01.")
    assert client.get("/source-attributes/breastfeeding").get_json()["approved"] is False


@pytest.mark.parametrize("path", ["/source-attributes/nonsense", "/evidence/nonsense"])
def test_an_unknown_rule_is_not_found(path: str, real: FlaskClient) -> None:
    assert real.get(path, headers=AS_HTML).status_code == 404


@pytest.mark.parametrize("path", ["/evidence", "/evidence/opioid-active"])
def test_where_earlier_cards_led_moves_on_to_the_same_page(path: str, real: FlaskClient) -> None:
    answer = real.get(path)
    assert answer.status_code == 308
    assert urljoin(path, answer.headers["Location"]) == path.replace("/evidence", "/source-attributes")


def test_the_link_and_the_source_of_a_card_lead_to_these_pages(real: FlaskClient) -> None:
    body = json.loads((cards_dir().parent / "docs" / "example" / "request.json").read_text("utf-8"))
    for card in real.post("/cds-services/ldn-order-sign", json=body).get_json()["cards"]:
        for address in (card["source"]["url"], card["links"][0]["url"]):
            assert real.get(urlsplit(address).path).status_code == 200
        assert card["links"][0]["url"].endswith(f"/source-attributes/{card['source']['topic']['code']}")
