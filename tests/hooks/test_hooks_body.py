"""Bytes to JSON, strictly (cds-hooks 1, 7, 112)."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import MalformedRequest
from cds_service.hooks.body import DEEPEST, read_json

NOT_JSON = {
    "nothing": b"",
    "only blanks": b"  ",
    "two values": b"{} {}",
    "cut short": b'{"hook": "order-sign"',
    "a trailing comma": b'{"a": 1,}',
    "a trailing comma in a list": b"[1,]",
    "a comment": b'/* hello */ {"a": 1}',
    "a line comment": b'{"a": 1} // hello',
    "single quotes": b"{'a': 1}",
    "a bare name": b"{a: 1}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "-Infinity": b'{"a": -Infinity}',
    "a number beyond a double": b'{"a": 1e999}',
    "a negative number beyond a double": b'{"a": -1E+400}',
    "an integer of 5000 digits": b'{"a": ' + b"7" * 5000 + b"}",
    "a leading zero": b'{"a": 01}',
    "a plus sign": b'{"a": +1}',
    "no digit after the point": b'{"a": 1.}',
    "hexadecimal": b'{"a": 0x10}',
    "a raw line break in a string": b'{"a": "x\ny"}',
    "a raw NUL in a string": b'{"a": "x\x00y"}',
    "a lone high surrogate": b'{"a": "\\ud800"}',
    "a lone low surrogate": b'{"a": "\\udc00"}',
    "a lone surrogate in a name": b'{"\\ud800": 1}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "a byte that is not UTF-8": b'{"a": "\xff"}',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an overlong encoding": b'{"a": "\xc0\xaf"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "a repeated name": b'{"a": 1, "a": 2}',
    "a repeated name with the same value": b'{"a": 1, "a": 1}',
    "a repeated name spelled with an escape": b'{"a": 1, "\\u0061": 2}',
    "a repeated name far inside": b'{"x": [{"y": {"a": ":", "b": [], "a": null}}]}',
    "a repeated name made up for by a colon": b'{"a": "x", "a": "\\u003a", "b": "\\u003a\\u003a"}',
    "lists nested too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "objects nested too deep": b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
    "a hundred thousand brackets": b"[" * 100_000,
    "a million closed brackets": b"[" * 1_000_000 + b"]" * 1_000_000,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_strict_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read_json(body)


GOOD_JSON = {
    "a pair of surrogates": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "colons in strings": (b'{"a:b": "::", "c": "\\u003a"}', {"a:b": "::", "c": ":"}),
    "quotes and backslashes": (b'{"a": "\\"\\\\u0061\\""}', {"a": '"\\u0061"'}),
    "the same name in two objects": (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    "a number that vanishes": (b"1e-9999", 0.0),
    "as compact as it is written again": (b'{"a":[1,"\\n\xc3\xa9"],"b":{}}', {"a": [1, "\n\xe9"], "b": {}}),
    "blanks around it": (b' \t\r\n{"a": 1}\n', {"a": 1}),
    "an escaped NUL": (b'"\\u0000"', "\x00"),
}


@pytest.mark.parametrize(("body", "value"), GOOD_JSON.values(), ids=GOOD_JSON)
def test_strict_json_is_read(body: bytes, value: object) -> None:
    assert read_json(body) == value


@pytest.mark.parametrize("body", [b"[" * DEEPEST + b"]" * DEEPEST, b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST])
def test_nesting_up_to_the_limit_is_read(body: bytes) -> None:
    assert orjson.dumps(read_json(body)) == body


def test_an_integer_beyond_64_bits_can_be_written_again() -> None:
    value = read_json(b'{"a": 123456789012345678901234567890}')
    assert orjson.loads(orjson.dumps(value)) == {"a": 123456789012345678901234567890.0}


def test_the_refusal_never_repeats_the_body() -> None:
    with pytest.raises(MalformedRequest) as refusal:
        read_json(b'{"name": "Mustermann", "name": "Mustermann"}')
    assert "Mustermann" not in f"{refusal.value.text} {refusal.value.diagnostics}"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@given(JSON, st.booleans())
def test_every_json_value_survives_reading(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == json.loads(json.dumps(value))


@given(st.dictionaries(st.text(max_size=4), JSON, min_size=1, max_size=4), st.data())
def test_any_repeated_name_is_refused(members: dict[str, object], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(members)))
    pairs = [*members.items(), (again, data.draw(JSON))]
    body = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs) + "}"
    with pytest.raises(MalformedRequest):
        read_json(f'{{"outer": [{body}]}}'.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = read_json(body)
    except MalformedRequest:
        return
    assert value == json.loads(body)
