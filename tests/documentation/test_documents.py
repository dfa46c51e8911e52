"""The documents fit together: links lead somewhere, paths exist, lists are complete, nothing names a machine."""

import configparser
import re
from pathlib import Path

import pytest

from cds_service import errors
from cds_service.web import problems

CHECKOUT = Path(__file__).resolve().parents[2]
DECISIONS = CHECKOUT / "docs" / "decisions"
DOCUMENTS = sorted(
    path
    for place in (".", "docs/**", "cards", "fhir_fixtures", "cds_service/**", "bench", "mutation")
    for path in CHECKOUT.glob(f"{place}/*.md")
)
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
SEVERAL = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md", "cards/README.md")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)


def _setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg", "utf-8")
    return setup


def _names(block: str) -> set[str]:
    return {
        re.split(r"[\[<>=!~; ]", line.strip(), maxsplit=1)[0].lower() for line in block.splitlines() if line.strip()
    }


@pytest.mark.parametrize("name", SEVERAL)
def test_the_document_is_there_and_says_something(name: str) -> None:
    assert len((CHECKOUT / name).read_text("utf-8").split()) > 100


@each_document
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    ours = [link.split("#", 1)[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    assert [link for link in ours if not (document.parent / link).exists()] == []


@each_document
def test_every_path_in_code_type_exists(document: Path) -> None:
    """Names such as `tests/web` or `cds_service/service.py`; those with a placeholder are left alone."""
    named = re.findall(
        r"`((?:cds_service|cards|fhir_fixtures|tests|scripts|docs|bench|mutation)/[\w./-]+)`",
        document.read_text("utf-8"),
    )
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


@each_document
def test_no_document_names_a_path_or_a_registry_of_one_machine(document: Path) -> None:
    text = document.read_text("utf-8")
    assert re.findall(r"(?:^|[\s`(\"'])/(?:home|root|work|tmp|usr|opt|mnt)/\S+", text) == []
    assert re.findall(r"https?://[^\s)]*(?:pypi|simple)/?[^\s)]*", text) == []


def test_the_licence_is_apache_2_whole() -> None:
    text = (CHECKOUT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert re.search(r"^license = Apache-2.0$", (CHECKOUT / "setup.cfg").read_text("utf-8"), re.MULTILINE)


def test_the_index_lists_every_decision_by_number_and_title() -> None:
    index = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (DECISIONS / "README.md").read_text("utf-8"), re.MULTILINE)
    titles = [record.read_text("utf-8").splitlines()[0].removeprefix("# ").split(". ", 1) for record in RECORDS]
    assert index == [(number, title, record.name) for (number, title), record in zip(titles, RECORDS, strict=True)]
    numbers = [int(number) for number, _, _ in index]
    assert numbers == sorted(set(numbers))


@each_record
def test_a_record_gives_context_decision_and_consequence(record: Path) -> None:
    text = record.read_text("utf-8")
    assert [part for part in ("**Context.**", "**Decision.**", "**Consequence.**") if text.count(part) != 1] == []
    prose = " ".join(line for line in text.splitlines() if not line.startswith("|"))
    assert len(prose.split()) < 400, "a record is short"


def test_every_dependency_has_its_line_and_no_other_has() -> None:
    setup = _setup()
    wanted = _names(setup["options"]["install_requires"])
    for extra in setup["options.extras_require"].values():
        wanted |= _names(extra)
    lines = re.findall(
        r"^\| ([\w.-]+) \| (.+) \|$", (DECISIONS / "0003-dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(name for name, _ in lines if name != "dependency") == sorted(wanted)


def test_the_changelog_speaks_of_this_version_and_of_the_patient_first() -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    from cds_service import __version__

    release = text.split(f"\n## {__version__}", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^### (.+)$", release, re.MULTILINE) == ["Clinical content", "Software"]


def test_the_architecture_page_names_the_rooms_in_the_order_of_the_contract() -> None:
    contract = _setup()["importlinter:contract:staircase"]["layers"].replace("cds_service.", "")
    layers = [line.strip() for line in contract.strip().splitlines()]
    table = (CHECKOUT / "ARCHITECTURE.md").read_text("utf-8").split("## The stairwell")[0]
    assert [row.split("|")[1].strip(" `") for row in table.splitlines() if row.startswith("| `")] == layers


def test_every_error_code_is_documented_with_its_status() -> None:
    text = (CHECKOUT / "docs" / "reference" / "errors.md").read_text("utf-8")
    from_http = set(re.findall(r"^\| (\d{3}) \| `([a-z0-9-]+)` \|", text, re.MULTILINE))
    others = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ServiceError)]
    codes = {kind.code for kind in kinds} | {code for code, _, _ in problems._HTTP.values()}
    families = {"service-error", "refused-request"}
    assert {code for _, code in from_http} | others == codes - families
    assert {(str(status), code) for status, (code, _, _) in problems._HTTP.items()} <= from_http
    for kind in kinds:
        status = next(problems._STATUS[one] for one in kind.__mro__ if one in problems._STATUS)
        if kind.code not in others | families:
            assert (str(status), kind.code) in from_http
