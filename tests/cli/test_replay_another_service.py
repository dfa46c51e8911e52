"""`replay --url` put to a CDS service that is not this one: what it says is judged, and what it lacks is told."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cli.other_service import other_service

from cds_service.cli import main
from cds_service.cli.prefetch_keys import renamed
from cds_service.cli.signing import new_key, public_jwk

OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"
SUMMARY = "Patient is on oxycodone (active): naltrexone will block it and can precipitate withdrawal."
TODAY = ["--today", "2026-03-02"]


def their_card(**changes: Any) -> dict[str, Any]:
    card = {
        "summary": SUMMARY,
        "detail": "oxycodone",
        "indicator": "critical",
        "source": {"label": "Theirs"},
        "extension": {"com.example.other": {"score": [1, {"x": None}]}},
        "suggestions": [
            {
                "label": "Remove",
                "isRecommended": True,
                "actions": [{"type": "delete", "description": "d", "resourceId": "MedicationRequest/naltrexone"}],
            },
            {
                "label": "Remove and ask",
                "actions": [
                    {"type": "delete", "description": "d", "resourceId": "MedicationRequest/naltrexone"},
                    {"type": "create", "description": "c", "resource": {"resourceType": "ServiceRequest"}},
                ],
            },
        ],
        "overrideReasons": [
            {"code": code}
            for code in ("opioid-list-wrong", "opioid-free-verified", "future-start", "specialist-plan", "other")
        ],
    }
    return {**card, **changes}


def answering(*cards: dict[str, Any]) -> Any:
    return lambda _: {"cards": list(cards)}


def run(url: str, capfdbinary: pytest.CaptureFixture[bytes], *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["replay", OXYCODONE, "--url", url, "--json", *TODAY, *more])
    told: dict[str, Any] = json.loads(capfdbinary.readouterr().out)
    return code, told


OURS = {"system": "urn:ldn-cds:rule", "code": "opioid-active"}


@pytest.mark.parametrize("topic", [None, {"system": "urn:theirs", "code": "theirs"}, OURS])
def test_agrees_by_headline_indicator_and_actions_without_our_extension_and_says_so(
    topic: Any, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    source = {"label": "Theirs", **({"topic": topic} if topic else {})}
    with other_service(answering(their_card(source=source))) as (url, _):
        code, told = run(url, capfdbinary)
    [case] = told["cases"]
    assert (code, case["difference"]) == (0, [])
    assert any("no card has the extension org.ldn-cds" in note for note in case["notes"])
    assert any("name no topic of ours" in note for note in case["notes"]) is (topic != OURS)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"indicator": "warning"}, ["-  indicator critical", "+  indicator warning"]),
        ({"summary": "Opioid on file."}, [f'-  summary "{SUMMARY}"', '+  summary "Opioid on file."']),
        ({"suggestions": []}, ["-  suggestions delete-draft, taper-review", "+  suggestions none"]),
        (
            {"source": {"label": "x", "topic": {"system": "urn:ldn-cds:rule", "code": "their-topic"}}},
            ["-card opioid-active", "+card their-topic"],
        ),
        ({"detail": None, "summary": "x", "indicator": 7}, ["-card opioid-active", "+card (nothing)"]),
    ],
)
def test_another_opinion_of_another_service_is_shown_line_by_line(
    changes: dict[str, Any], lines: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with other_service(answering(their_card(**changes))) as (url, _):
        code, told = run(url, capfdbinary)
    assert code == 1
    assert [line for line in lines if line not in told["cases"][0]["difference"]] == []


def test_silence_of_another_service_is_a_difference(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with other_service(answering()) as (url, _):
        code, told = run(url, capfdbinary)
    assert code == 1
    assert "+no card" in told["cases"][0]["difference"]


def test_our_own_service_may_not_lose_its_extension_on_one_card() -> None:
    from cds_service.cli.cases import located, read_case
    from cds_service.cli.comparison import compare

    expected = read_case(located(OXYCODONE)).expected
    ours = their_card(extension={"org.ldn-cds": {"findings": []}}, source={"topic": {"code": "opioid-active"}})
    assert not compare(expected, [ours], {}, lenient=True).agrees


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ("<html>Bad gateway</html>", 502, "HTTP 502: <html>Bad gateway</html>"),
        ({"error": "no such patient"}, 422, 'HTTP 422: {"error": "no such patient"}'),
        ({"issue": [{"diagnostics": "broken"}]}, 400, "HTTP 400: broken"),
        ("", 500, "HTTP 500"),
        ("not JSON", 200, "the answer holds no list of cards: not JSON"),
        ({"cards": {"summary": "x"}}, 200, "the answer holds no list of cards"),
        ([], 200, "the answer holds no list of cards"),
    ],
)
def test_what_is_no_answer_is_told_in_one_line(
    said: Any, status: int, words: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with other_service(lambda _: said, status=status) as (url, _):
        code, told = run(url, capfdbinary)
    assert code == 1
    [line] = [line for line in told["cases"][0]["difference"][2:] if line.startswith("+")]
    assert line.startswith(f"+{words}")


@pytest.mark.parametrize("discovery", [{}, [], {"services": [{}]}, {"services": ["x"]}, "nonsense", {"services": 7}])
def test_a_discovery_that_is_none_ends_with_2(discovery: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with other_service(answering(), discovery=discovery) as (url, _):
        assert main(["replay", OXYCODONE, "--url", url]) == 2
    assert "does not answer as the discovery" in capsys.readouterr().err


def test_only_the_service_that_is_named_is_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with other_service(answering(their_card())) as (url, seen):
        assert main(["replay", OXYCODONE, "--url", url, "--service", "their-order-select", *TODAY]) == 0
        assert seen.calls[-1][0] == "/cds-services/their-order-select"
        assert main(["replay", OXYCODONE, "--url", url, "--service", "nobody"]) == 2
    assert "offers no service nobody" in capsys.readouterr().err


def test_their_prefetch_keys_get_what_the_case_knows_of_the_type(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    asks = {
        "who": "Patient/{{context.patientId}}",
        "drugs": "MedicationStatement?patient={{context.patientId}}",
        "alt": "Observation?patient={{context.patientId}}&code=http://loinc.org|1742-6",
        "never": "Coverage?patient={{context.patientId}}",
    }
    with other_service(answering(their_card()), prefetch=asks) as (url, seen):
        run(url, capfdbinary)
    sent = seen.calls[-1][2]["prefetch"]
    assert sent["who"]["resourceType"] == "Patient"
    assert [entry["resource"]["id"] for entry in sent["drugs"]["entry"]] != []
    assert all(
        coding["code"] == "1742-6" for entry in sent["alt"]["entry"] for coding in entry["resource"]["code"]["coding"]
    )
    assert "never" not in sent


def test_a_key_of_ours_that_a_case_leaves_out_stays_out() -> None:
    request = {"prefetch": {"labs": {"resourceType": "Bundle", "entry": []}}}
    asked = {"toxLabs": "Observation?patient=x", "theirs": "Observation?patient=x"}
    assert set(renamed(request, asked)["prefetch"]) == {"labs", "theirs"}


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_signed_calls_carry_a_token_of_their_own_for_the_address_called(
    algorithm: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "key.pem"
    public = jwt.PyJWK(public_jwk(new_key(file, algorithm)))
    assert file.stat().st_mode & 0o077 == 0
    signing = [
        "--sign",
        str(file),
        "--issuer",
        "https://ehr.example",
        "--jku",
        "https://ehr.example/jwks",
        "--tenant",
        "t",
        "--subject",
        "s",
    ]
    with other_service(answering(their_card())) as (url, seen):
        assert run(url, capfdbinary, *signing)[0] == 0
    assert len(seen.tokens) == 2
    ids = set()
    for path, token in seen.tokens:
        header = jwt.get_unverified_header(token)
        assert header == {
            "alg": algorithm, "typ": "JWT", "kid": public.key_id, "jku": "https://ehr.example/jwks",
        }  # fmt: skip
        claims = jwt.decode(token, public, algorithms=[algorithm], audience=url + path, issuer="https://ehr.example")
        assert claims["exp"] - claims["iat"] == 300
        assert (claims["tenant"], claims["sub"]) == ("t", "s")
        ids.add(claims["jti"])
    assert len(ids) == 2


@pytest.mark.parametrize("content", [b"", b"nonsense", b"{}", b'{"kty": "oct", "k": "AA"}', b"[]", None])
def test_a_key_that_cannot_be_used_ends_with_2_and_is_not_repeated(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    assert main(["replay", OXYCODONE, "--url", "http://127.0.0.1:9", "--sign", str(file), "--issuer", "i"]) == 2
    assert main(["jwks", str(file)]) == 2
    said = capsys.readouterr()
    assert str(file) in said.err
    assert (content or b"\0").decode() not in said.err.replace(str(file), "") or not content


def test_jwks_prints_only_the_public_half_and_overwrites_no_key(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = str(tmp_path / "key.pem")
    assert main(["jwks", file, "--new", "RS384"]) == 0
    made = json.loads(capfdbinary.readouterr().out)
    assert set(made["keys"][0]) == {"kty", "n", "e", "kid", "alg", "use"}
    assert main(["jwks", file, "--new", "ES384"]) == 2
    capfdbinary.readouterr()
    assert main(["jwks", file]) == 0
    assert json.loads(capfdbinary.readouterr().out) == made


def test_two_services_are_compared_and_the_patients_whose_cards_change_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        other_service(answering(their_card())) as (first, _),
        other_service(answering(their_card(summary="Stop.", indicator="warning"))) as (second, _),
    ):
        assert main(["replay", OXYCODONE, "--url", first, "--against", second]) == 1
        shown = capsys.readouterr().out
        assert main(["replay", OXYCODONE, "--url", first, "--against", first]) == 0
    assert "DIFF  " + OXYCODONE in shown
    assert "Patient/ada-synthetic" in shown
    assert '+  "Stop."' in shown
    assert shown.endswith("the cards of 1 of 1 patients change\n")
