"""docs/how-to/register-a-client.md: its examples can be used, and its table is the whole list of fields."""

import json
import re
from pathlib import Path

import pytest

from cds_service.callers import registry, token
from cds_service.callers.registry import read_registry
from cds_service.running import terms_of
from cds_service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "how-to" / "register-a-client.md").read_text("utf-8")
EXAMPLES = [
    re.sub("^ {3}", "", block, flags=re.MULTILINE) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_used(example: str, tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_text(example, "utf-8")
    assert read_registry(tmp_path / "clients.toml", {}, terms_of(Settings())).records


def test_the_table_lists_every_field_and_no_other() -> None:
    schema = json.loads(Path(registry.__file__).with_name("clients.json").read_text("utf-8"))
    listed = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(schema["$defs"]["client"]["properties"])


def test_every_reason_in_the_log_is_explained() -> None:
    room = Path(token.__file__).parent
    code = "".join((room / name).read_text("utf-8") for name in ("token.py", "reception.py"))
    given = set(re.findall(r'(?:Refused\(|return )"([a-z-]+)"', code)) | {"bad-header", "bad-claims"}
    table = (
        (CHECKOUT / "docs" / "reference" / "errors.md").read_text("utf-8").split("## Why a token")[1].split("\n## ")[0]
    )
    explained = set(
        re.findall(r"`([a-z]+(?:-[a-z]+)*)`", "".join(re.findall(r"^\| .* \| (`.*) \|$", table, re.MULTILINE)))
    )
    assert given == explained
