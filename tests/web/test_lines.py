"""A client has a part of the threads, and the rest of its requests wait for each other."""

import base64
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from issuing import Ehr

from cds_service.web.sharing import lines as module
from cds_service.web.sharing.lines import Lines, claimed, full_for


def head(token: str, name: str = "Authorization") -> bytes:
    return f"POST /x HTTP/1.1\r\nHost: h\r\n{name}: Bearer {token}\r\nContent-Length: 0\r\n\r\n".encode()


def test_requests_of_one_client_have_one_line_and_others_have_others() -> None:
    north, south = Ehr(issuer="https://north.example.com"), Ehr(issuer="https://south.example.com")
    assert claimed(head(north.token())) == claimed(head(north.token(), "AUTHORIZATION")) != ""
    assert claimed(head(north.token())) != claimed(head(south.token()))
    shared = Ehr(issuer="https://shared.example.com")
    assert claimed(head(shared.token(tenant="n"))) != claimed(head(shared.token(tenant="s")))


@pytest.mark.parametrize("claims", [[], "word", None, 1])
def test_what_is_no_token_has_the_line_of_those_who_say_nothing(claims: Any) -> None:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    for token in (f"a.{part}.c", f"a.{part}", "", "a.b", "a.%%.c", "a.AAAA.c", "a." + "A" * 9000 + ".c"):
        assert claimed(head(token)) == ""
    assert claimed(b"GET / HTTP/1.1\r\n\r\n") == ""


@given(st.binary(max_size=200))
def test_any_bytes_have_a_line(junk: bytes) -> None:
    assert isinstance(claimed(b"GET / HTTP/1.1\r\nAuthorization: Bearer x." + junk + b".y\r\n\r\n"), str)
    assert isinstance(claimed(junk), str)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60), st.integers(1, 4))
def test_no_client_has_more_than_its_part_nobody_is_forgotten_and_nothing_is_kept(
    steps: list[tuple[str, bool]], most: int
) -> None:
    lines: Lines[int] = Lines(most)
    inside: dict[str, list[int]] = {name: [] for name in "abc"}
    came: dict[str, list[int]] = {name: [] for name in "abc"}
    went: Counter[str] = Counter()
    order: dict[str, list[int]] = {name: [] for name in "abc"}

    def goes(name: str) -> None:
        inside[name].pop(0)
        went[name] += 1
        following = lines.leaves(name)
        if following is not None:
            inside[name].append(following)
            order[name].append(following)

    for number, (name, comes) in enumerate(steps):
        if comes:
            came[name].append(number)
            if lines.comes(name, number):
                inside[name].append(number)
                order[name].append(number)
        elif inside[name]:
            goes(name)
        assert all(len(held) <= most for held in inside.values())
    for name, held in inside.items():
        while held:
            goes(name)
    assert order == came
    assert not lines._inside
    assert not lines._waiting


def test_a_line_is_closed_for_as_long_as_its_client_was_found_to_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, clock = Lines[int](1), [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    with lines.served("north"):
        full_for(0.02)
    assert lines.closed("north")
    assert not lines.closed("south")
    clock[0] += 0.02
    assert not lines.closed("north")
    lines.reopen()
    assert not lines._closed_until


def test_lines_that_are_still_closed_stay_so_when_others_open_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, clock = Lines[int](1), [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    for name, seconds in (("north", 0.02), ("south", 0.5)):
        with lines.served(name):
            full_for(seconds)
    clock[0] += 0.1
    lines.reopen()
    assert list(lines._closed_until) == ["south"]
    assert lines.closed("south")


def test_nobody_is_found_to_be_full_outside_of_an_answer() -> None:
    lines = Lines[int](1)
    with lines.served("north"):
        pass
    full_for(1000.0)
    assert not lines.closed("north")
