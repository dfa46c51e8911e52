"""Profiles are files: found by name, each value with its source, a slip named with file and field."""

import tomllib
from dataclasses import fields
from importlib.resources import files

import pytest

from cds_service.errors import BadContent
from cds_service.present.dress import check_topics, topic_code
from cds_service.profiles import STANDARD, Profile, profile_names, profile_of
from cds_service.profiles.reading import read_profile
from cds_service.rules import rules

FOLDER = files("cds_service.profiles")


def text(name: str) -> str:
    return FOLDER.joinpath(f"{name}.toml").read_text("utf-8")


def test_the_profiles_are_the_files_of_the_folder() -> None:
    assert {"standard", "epic", "oracle", "crd", "sandbox"} <= set(profile_names())
    assert set(profile_names()) == {one.name[:-5] for one in FOLDER.iterdir() if one.name.endswith(".toml")}


def test_the_standard_profile_is_what_a_caller_has_without_another() -> None:
    assert profile_of("standard") == STANDARD


@pytest.mark.parametrize("name", profile_names())
def test_a_file_states_every_value_of_a_profile(name: str) -> None:
    stated = set(tomllib.loads(text(name)))
    assert stated == {one.name for one in fields(Profile) if one.init} - {"name"}
    assert profile_of(name).name == name


@pytest.mark.parametrize("name", ["epic", "oracle"])
def test_what_a_vendor_documents_is_to_be_confirmed_with_the_first_customer(name: str) -> None:
    raw = tomllib.loads(text(name))
    assert all(one["confirm"] for field, one in raw.items() if field != "title")


@pytest.mark.parametrize("name", ["standard", "crd", "sandbox"])
def test_cards_leave_as_they_were_made_where_nothing_else_is_known(name: str) -> None:
    assert profile_of(name).as_made


@pytest.mark.parametrize("name", ["epic", "oracle"])
def test_cards_are_dressed_where_a_client_shows_less(name: str) -> None:
    assert not profile_of(name).as_made


def test_the_facts_that_integration_rests_on() -> None:
    epic, oracle, crd = profile_of("epic"), profile_of("oracle"), profile_of("crd")
    assert (epic.actions, epic.selection, epic.spoken, epic.jwt_seconds) == (1, ("any",), "description", 900)
    assert (epic.topic, epic.topic_characters, epic.renamed, epic.reads_discovery) == (
        "alphanumeric", 100, ("{key}-user",), False,
    )  # fmt: skip
    assert (oracle.selection, oracle.detail, oracle.override_reasons) == (("at-most-one",), "plain", "none")
    assert (crd.token_seconds, crd.release) == (30, "R4")


SLIPS = {
    "no toml": ("[actions]", "[actions", ""),
    "a value of the wrong kind": ("[actions]\nvalue = 1", '[actions]\nvalue = "one"', "actions.value"),
    "a value nobody knows": ('value = ["any"]', 'value = ["some"]', "selection.value"),
    "a source left out": ('source = "Epic on FHIR, CDS Hooks: a suggestion holds a single action"\n', "", "actions"),
    "a field nobody knows": ("[actions]", "[acts]", "the file"),
    "a pattern without our key": ('"{key}-user"', '"-user"', "renamed.value"),
    "a prefetch key that is not ours": (
        "[prefetch_keys]\nvalue = []", '[prefetch_keys]\nvalue = ["medsList"]', "prefetch_keys",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_named_with_file_and_field(old: str, new: str, field: str) -> None:
    assert old in text("epic")
    with pytest.raises(BadContent) as complaint:
        read_profile("epic", text("epic").replace(old, new, 1))
    assert complaint.value.text.startswith("epic.toml: ")
    assert field in complaint.value.text


def test_an_answer_must_be_due_before_the_token_is_dead() -> None:
    for seconds, sound in ((5, True), (4, False)):
        short = text("crd").replace("[token_seconds]\nvalue = 30", f"[token_seconds]\nvalue = {seconds}")
        if sound:
            assert read_profile("crd", short).token_seconds == seconds
        else:
            with pytest.raises(BadContent, match=r"crd\.toml: budget_seconds"):
                read_profile("crd", short)


def test_a_profile_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(BadContent, match="crd, epic, oracle, sandbox, standard"):
        profile_of("../epic")


@pytest.mark.parametrize("name", profile_names())
def test_each_rule_keeps_one_topic_of_its_own(name: str) -> None:
    profile = profile_of(name)
    codes = [topic_code(rule, profile) for rule in rules()]
    check_topics(rules(), profile)
    assert len(set(codes)) == len(rules())
    if profile.topic == "alphanumeric":
        assert all(code.isascii() and code.isalnum() and len(code) <= 100 for code in codes)


def test_two_rules_that_would_share_a_topic_stop_the_start() -> None:
    with pytest.raises(BadContent, match=r"epic\.toml: topic"):
        check_topics(["opioid-active", "opioidActive"], profile_of("epic"))
    with pytest.raises(BadContent, match=r"epic\.toml: topic"):
        check_topics(["x" * 101], profile_of("epic"))
