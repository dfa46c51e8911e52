"""UCUM codes that the table of units does not spell out, read by a library that is only loaded when one comes."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.terminology.ucum import measure, without_annotation


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("mg", ("mass", 1.0)),
        ("cg", ("mass", 10.0)),
        ("10*-3.g", ("mass", 1.0)),
        ("mg{total}", ("mass", 1.0)),
        ("[gr]", ("mass", 64.79891)),
        ("dL", ("volume", 100.0)),
        ("cL", ("volume", 10.0)),
    ],
)
def test_masses_and_volumes_are_reckoned(code: str, expected: tuple[str, float]) -> None:
    found = measure(code)
    assert found is not None
    assert found[0] == expected[0]
    assert found[1] == pytest.approx(expected[1])


@pytest.mark.parametrize(
    "code", ["", "{capsule}", "mg/kg", "mg/d", "[iU]", "mmol", "foo", "((", "/g", "10*400.g", "10*99999999.g", "mg mg"]
)
def test_what_is_no_mass_and_no_volume_is_nothing(code: str) -> None:
    assert measure(code) is None


def test_letter_case_matters_in_ucum() -> None:
    assert measure("Mg") == ("mass", 1e9)


def test_an_annotation_says_nothing_about_the_amount() -> None:
    assert without_annotation("mg{naltrexone}") == "mg"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[a-zA-Z0-9.*/\[\]{}()+-]{0,20}", fullmatch=True))
def test_no_unit_can_break_the_reading(code: str) -> None:
    found = measure(code)
    assert found is None or (found[0] in ("mass", "volume") and found[1] >= 0)


def test_the_library_is_not_loaded_before_such_a_unit_comes() -> None:
    code = (
        "import sys; from cds_service.running import Service; from cds_service.settings import Settings; "
        "Service.from_settings(Settings()); "
        "from cds_service.terminology.units import convert; convert(4500, 'ug', 'mg'); "
        "print(sorted({'ucumvert', 'pint'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
