"""Settings from the environment, read once and refused by name."""

from dataclasses import fields

import pytest

from cds_service.errors import BadSetting
from cds_service.settings import SETTINGS, Settings


def test_nothing_set_gives_the_defaults() -> None:
    assert Settings.read({}) == Settings()
    assert Settings.read({"PATH": "/bin", "CDS_PORT": "", "CDS_STRICT": "  "}) == Settings()


def test_out_of_the_box_only_this_machine_is_served_and_asked() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.development
    assert settings.max_body_bytes == 8_000_000
    assert settings.deadline_seconds == 2.0


@pytest.mark.parametrize(
    ("environ", "base_url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"CDS_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"CDS_HOST": "0.0.0.0"}, "http://localhost:8080"),
        ({"CDS_HOST": "::1"}, "http://[::1]:8080"),
        ({"CDS_BASE_URL": "https://cds.example.com/ldn/"}, "https://cds.example.com/ldn"),
    ],
)
def test_the_base_url_follows_host_and_port_unless_it_is_set(environ: dict[str, str], base_url: str) -> None:
    assert Settings.read(environ).base_url == base_url


def test_the_deadline_is_that_of_the_profile_unless_it_is_set() -> None:
    assert Settings.read({"CDS_PROFILE": "crd"}).deadline_seconds == 4.0
    assert Settings.read({"CDS_PROFILE": "crd", "CDS_DEADLINE_SECONDS": "1"}).deadline_seconds == 1.0


@pytest.mark.parametrize(
    ("variable", "value", "known"),
    [("CDS_PROFILE", "nobody", "crd, epic, oracle, sandbox, standard"), ("CDS_METRICS", "yes", "off, local, on")],
)
def test_a_name_that_nobody_knows_is_refused_with_those_that_are_known(variable: str, value: str, known: str) -> None:
    with pytest.raises(BadSetting, match=f"{variable} must be one of {known}"):
        Settings.read({variable: value})


def test_values_are_read_as_what_they_are() -> None:
    settings = Settings.read(
        {
            "CDS_STRICT": "on",
            "CDS_FHIR_BASES": "https://a.example/fhir/, https://b.example/r4,",
            "CDS_CORS_ORIGINS": "https://ehr.example.com",
            "CDS_DEADLINE_SECONDS": "0.5",
            "CDS_TIMEZONE": "America/New_York",
            "CDS_MEDICATION_LISTS": "medRequests",
            "CDS_LOG_LEVEL": "debug",
        }
    )
    assert settings.strict
    assert settings.fhir_bases == ("https://a.example/fhir", "https://b.example/r4")
    assert settings.development
    assert not Settings(clients_file="clients.toml").development
    assert settings.cors_origins == ("https://ehr.example.com",)
    assert settings.deadline_seconds == 0.5
    assert settings.timezone == "America/New_York"
    assert settings.medication_lists == ("medRequests",)
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CDS_PORT", "0"),
        ("CDS_PORT", "65536"),
        ("CDS_PORT", "tcp://10.0.0.7:8080"),
        ("CDS_PORT", "-1"),
        ("CDS_PORT", "80.0"),
        ("CDS_BASE_URL", "cds.example.com"),
        ("CDS_BASE_URL", "https://cds.example.com/?x=1"),
        ("CDS_MAX_BODY_BYTES", "8MB"),
        ("CDS_MAX_ENTRIES", "0"),
        ("CDS_STRICT", "perhaps"),
        ("CDS_CORS_ORIGINS", "ehr.example.com"),
        ("CDS_CORS_ORIGINS", "https://ehr.example.com/"),
        ("CDS_TIMEZONE", "Mars/Olympus"),
        ("CDS_TIMEZONE", "../../etc/passwd"),
        ("CDS_FHIR_BASES", "https://a.example/fhir,file:///etc"),
        ("CDS_FHIR_BASES", "https://user:secret@a.example/fhir"),
        ("CDS_FHIR_BASES", "http://a.example/fhir"),
        ("CDS_FHIR_BASES", "https://a.example/../fhir"),
        ("CDS_FHIR_BASES", "test+ftp://a.example/fhir"),
        ("CDS_DEADLINE_SECONDS", "5"),
        ("CDS_DEADLINE_SECONDS", "nan"),
        ("CDS_DEADLINE_SECONDS", "inf"),
        ("CDS_DEADLINE_SECONDS", "soon"),
        ("CDS_MEDICATION_LISTS", "medications"),
        ("CDS_MEDICATION_LISTS", ","),
        ("CDS_WORKERS", "many"),
        ("CDS_LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(variable: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^{variable} must be ") as refusal:
        Settings.read({variable: value})
    assert "secret" not in refusal.value.text


def test_every_setting_is_listed_with_its_default_and_a_line() -> None:
    assert [setting.variable for setting in SETTINGS] == [f"CDS_{each.name.upper()}" for each in fields(Settings)]
    assert all(setting.line.endswith(".") for setting in SETTINGS)


def test_the_listed_defaults_read_back_as_the_defaults() -> None:
    assert Settings.read({setting.variable: setting.default for setting in SETTINGS}) == Settings()
