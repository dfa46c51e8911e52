"""The hostile EHR does what its list says: honest where it should be, and wrong in the announced way."""

import base64
import contextlib
import gzip
import itertools
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cds_service.hostile.ehr import SLOW_NAME, HostileEhr, UnknownFault
from cds_service.hostile.exchange import Pace
from cds_service.hostile.fault import HONEST, Expects, Place, faults
from cds_service.hostile.journal import Arrival
from cds_service.hostile.names import slow_names
from cds_service.hostile.records import Records

TOKEN = "sesame-7f3a"
ADA = {"reference": "Patient/ada"}
PATIENCE = 5.0
"""Seconds for what does come on any machine, however busy."""
ALT, HCG = "1742-6", "2106-3"
SEARCH = "Observation?patient=ada"


def observation(name: str, code: str, patient: str = "Patient/ada") -> dict[str, Any]:
    coding = {"system": "http://loinc.org", "code": code}
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [coding]},
        "subject": {"reference": patient},
    }


RECORD = [
    {"resourceType": "Patient", "id": "ada"},
    observation("alt", ALT),
    observation("hcg", HCG, "https://ehr.example.test/fhir/Patient/ada/_history/2"),
    observation("strange", ALT, "Patient/bob"),
    {"resourceType": "Condition", "id": "pain", "subject": ADA},
]
NAMES = {"labs": f"Observation?patient={{id}}&code={ALT},1920-8", "pregnancyObs": f"Observation?code={HCG}"}


@pytest.fixture
def ehr() -> Iterator[HostileEhr]:
    request = {"hook": "order-sign", "context": {"patientId": "ada"}, "prefetch": {"labs": None}}
    with HostileEhr(Records(RECORD, "ada"), names=NAMES, request=request, pace=Pace(0.01, 0.05)) as running:
        yield running


def get(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        bearer = {"Authorization": f"Bearer {TOKEN}", **headers}
        return session.get(url, headers=bearer, timeout=5, allow_redirects=False)


def names(bundle: Any) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle["entry"]]


def tasted(ehr: HostileEhr, url: str, seconds: float = 0.2) -> bytes:
    """What comes within a moment, as bytes, however wrong it is; without the length, which changes with the names."""
    came = b""
    with socket.create_connection(("127.0.0.1", ehr.port), timeout=seconds) as client, contextlib.suppress(OSError):
        target = url.removeprefix(ehr.address)
        client.sendall(f"GET {target} HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer x\r\n\r\n".encode())
        last = time.monotonic() + seconds
        while time.monotonic() < last and len(came) < 100_000 and (more := client.recv(65536)):
            came += more
    return re.sub(rb"Content-Length: \d+", b"", came)


# An honest server


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (SEARCH, ["alt", "hcg"]),
        ("Observation?subject=Patient/ada", ["alt", "hcg"]),
        (f"Observation?patient=ada&code={HCG},1-2", ["hcg"]),
        (f"Observation?patient=ada&code=http://loinc.org|{ALT}", ["alt"]),
        (f"Observation?patient=ada&code=http://other.example|{ALT}", []),
        ("Observation?patient=bob", ["strange"]),
        ("Condition?patient=ada", ["pain"]),
        ("Procedure?patient=ada", []),
        ("Observation?_id=hcg", ["hcg"]),
    ],
)
def test_an_honest_search_finds_what_it_should(ehr: HostileEhr, query: str, found: list[str]) -> None:
    bundle = get(f"{ehr.base()}/{query}").json()
    assert (bundle["type"], bundle["total"], names(bundle)) == ("searchset", len(found), found)


def test_pages_are_as_long_as_asked_for_and_lead_on(ehr: HostileEhr) -> None:
    first = get(f"{ehr.base()}/{SEARCH}&_count=1").json()
    links = {link["relation"]: link["url"] for link in first["link"]}
    assert (first["total"], names(first), names(get(links["next"]).json())) == (2, ["alt"], ["hcg"])


def test_a_parameter_that_is_not_understood_is_missing_from_the_self_link(ehr: HostileEhr) -> None:
    bundle = get(f"{ehr.base()}/{SEARCH}&favourite=yes").json()
    assert bundle["link"][0]["url"].endswith("/Observation?patient=ada")


def test_one_resource_is_read_and_a_missing_one_is_not_found(ehr: HostileEhr) -> None:
    assert get(f"{ehr.base()}/Patient/ada").json() == RECORD[0]
    missing = get(f"{ehr.base()}/Patient/eve")
    assert (missing.status_code, missing.json()["resourceType"]) == (404, "OperationOutcome")


def test_metadata_says_which_fhir_release_it_is() -> None:
    for release, version in (("DSTU2", "1.0.2"), ("STU3", "3.0.2"), ("R4", "4.0.1")):
        with HostileEhr(Records(RECORD, "ada", release)) as ehr:
            said = requests.get(f"{ehr.base()}/metadata", timeout=5).json()
            assert said["fhirVersion"] == version


def test_a_case_becomes_a_record_with_references_by_urn_resolved() -> None:
    entry = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "ada"}}
    pain = {"resourceType": "Condition", "id": "pain", "subject": {"reference": "urn:uuid:1"}}
    prefetch = {"all": {"resourceType": "Bundle", "entry": [entry, {"resource": pain}, {}, None]}, "none": None}
    server = {"answers": {"x": {"status": 200, "body": observation("alt", ALT)}, "y": {"status": 404}}}
    records = Records.of_case({"context": {"patientId": "ada"}, "prefetch": prefetch}, server)
    assert [one["id"] for one in records.resources()] == ["ada", "pain", "alt"]
    assert [one["id"] for one in records.search("Condition", {"patient": ["ada"]})] == ["pain"]


def test_without_a_token_nothing_of_a_patient_is_told(ehr: HostileEhr) -> None:
    assert requests.get(f"{ehr.base()}/{SEARCH}", timeout=5).status_code == 401


def test_only_get_is_answered(ehr: HostileEhr) -> None:
    assert requests.post(f"{ehr.base()}/{SEARCH}", timeout=5).status_code == 405


# Where a fault is met


def test_a_fault_is_met_only_where_it_was_asked_for(ehr: HostileEhr) -> None:
    base = ehr.base("http-503", ("labs", "Condition"))
    statuses = {
        query: get(f"{base}/{query}").status_code
        for query in (f"{SEARCH}&code={ALT}", f"{SEARCH}&code={HCG}", "Condition?patient=ada", "Patient/ada")
    }
    assert list(statuses.values()) == [503, 200, 503, 200]


def test_the_fault_of_the_plain_base_can_be_switched(ehr: HostileEhr) -> None:
    plain = f"{ehr.address}/fhir/{SEARCH}"
    assert get(plain).status_code == 200
    ehr.use("http-410")
    assert get(plain).status_code == 410
    switched = requests.get(f"{ehr.address}/_faults?use=http-403&on=pregnancyObs", timeout=5).json()
    assert switched["now"] == {"fault": "http-403", "on": ["pregnancyObs"]}
    assert get(f"{plain}&code={ALT}").status_code == 200
    assert get(f"{plain}&code={HCG}").status_code == 403


def test_older_names_of_a_resource_are_the_same_data() -> None:
    with HostileEhr(Records([], "ada"), names={"medRequests": "MedicationRequest?patient={id}"}) as ehr:
        assert get(f"{ehr.base('http-500', ('medRequests',))}/MedicationOrder?patient=ada").status_code == 500


@pytest.mark.parametrize(
    ("fault", "on"), [("nonsense", ("all",)), (HONEST, ("nonsense",)), ("good-keys", ("all",)), (HONEST, ())]
)
def test_an_unknown_fault_or_data_is_refused(ehr: HostileEhr, fault: str, on: tuple[str, ...]) -> None:
    with pytest.raises(UnknownFault):
        ehr.base(fault, on)
    with pytest.raises(UnknownFault):
        ehr.use(fault, on)


def test_what_is_met_before_an_answer_cannot_be_switched_to(ehr: HostileEhr) -> None:
    with pytest.raises(UnknownFault, match="base of its own"):
        ehr.use("hang-at-connect")


# The faults


def test_every_fault_has_a_sentence_and_a_name_of_small_letters() -> None:
    assert len(faults()) > 100
    for name, fault in faults().items():
        assert fault.sentence.endswith("."), name
        assert name == name.lower().replace("_", "-")
    assert {one.expects for one in faults().values()} == set(Expects)


@pytest.mark.parametrize("name", [name for name, one in faults().items() if one.place is Place.ANSWER])
def test_no_fault_breaks_the_server(ehr: HostileEhr, name: str) -> None:
    """Whatever was done to one client, the next one is served; and no fault is the honest answer by mistake."""
    honest = tasted(ehr, f"{ehr.base()}/{SEARCH}", PATIENCE)
    assert honest.startswith(b"HTTP/1.1 200 OK")
    same = tasted(ehr, f"{ehr.base(name)}/{SEARCH}").replace(name.encode(), HONEST.encode()) == honest
    assert same == (name in (HONEST, "slow-answer", "ignored-code", "codes-cut-short"))
    assert tasted(ehr, f"{ehr.base()}/{SEARCH}", PATIENCE) == honest


def test_a_port_that_nobody_accepts_on_does_not_even_connect(ehr: HostileEhr) -> None:
    with socket.socket() as client:
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.connect(("127.0.0.1", int(ehr.base("hang-at-connect").split(":")[2].split("/")[0])))


def test_a_trickle_comes_byte_by_byte(ehr: HostileEhr) -> None:
    with socket.create_connection(("127.0.0.1", ehr.port), timeout=5) as client:
        path = ehr.base("trickle-headers").removeprefix(ehr.address)
        client.sendall(f"GET {path}/{SEARCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n".encode())
        began = time.monotonic()
        assert [client.recv(100) for _ in range(4)] == [b"H", b"T", b"T", b"P"]
        assert time.monotonic() - began > 0.1


def test_a_bomb_is_small_on_the_wire_and_large_in_the_end(ehr: HostileEhr) -> None:
    with requests.get(
        f"{ehr.base('gzip-bomb')}/{SEARCH}", headers={"Authorization": "Bearer x"}, timeout=5, stream=True
    ) as answer:
        assert int(answer.headers["Content-Length"]) < 1 << 20
        unpacked = sum(len(chunk) for chunk, _ in zip(answer.iter_content(1 << 20), range(20), strict=False))
        assert unpacked > 16 << 20


def test_a_packed_body_is_the_honest_one(ehr: HostileEhr) -> None:
    answer = requests.get(
        f"{ehr.base('packed')}/{SEARCH}", headers={"Authorization": "Bearer x"}, timeout=5, stream=True
    )
    body = json.loads(gzip.decompress(answer.raw.read()))
    answer.close()
    assert names(body) == ["alt", "hcg"]


def test_of_two_tries_the_second_is_answered(ehr: HostileEhr) -> None:
    url = f"{ehr.base('busy-every-other-time')}/{SEARCH}"
    first, second = get(url), get(url)
    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (429, "0", 200)


def test_everything_is_on_the_second_page(ehr: HostileEhr) -> None:
    first = get(f"{ehr.base('two-pages')}/{SEARCH}").json()
    second = get(next(link["url"] for link in first["link"] if link["relation"] == "next")).json()
    assert (names(first), names(second)) == ([], ["alt", "hcg"])


def test_a_stranger_owns_everything_or_one_thing(ehr: HostileEhr) -> None:
    for query in (SEARCH, "Procedure?patient=ada"):
        owners = [
            entry["resource"]["subject"]["reference"]
            for entry in get(f"{ehr.base('wrong-patient')}/{query}").json()["entry"]
        ]
        assert set(owners) == {"Patient/another-patient"}
    assert get(f"{ehr.base('wrong-patient')}/Patient/ada").json()["id"] == "another-patient"
    assert names(get(f"{ehr.base('one-of-another-patient')}/{SEARCH}").json()) == ["alt", "hcg", "strange"]


def test_five_thousand_entries_and_the_honest_ones(ehr: HostileEhr) -> None:
    bundle = get(f"{ehr.base('five-thousand-entries')}/{SEARCH}").json()
    assert (bundle["total"], len(set(names(bundle))), names(bundle)[-2:]) == (5002, 5002, ["alt", "hcg"])
    assert len(get(f"{ehr.base('five-thousand-entries')}/Procedure?patient=ada").json()["entry"]) == 5000


def test_a_name_that_resolves_slowly(ehr: HostileEhr) -> None:
    url = f"{ehr.base('slow-name')}/{SEARCH}"
    assert f"//{SLOW_NAME}:" in url
    began = time.monotonic()
    with slow_names(0.2) as asked:
        assert get(url).status_code == 200
    assert time.monotonic() - began > 0.2
    assert asked == [SLOW_NAME]


# Keys


def test_a_token_can_be_signed_with_a_key_of_the_set(ehr: HostileEhr) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA384

    kid, private = ehr.keys.current()
    (key,) = get(ehr.key_set()).json()["keys"]
    assert (key["kid"], key["alg"], "d" in key) == (kid, "ES384", False)
    numbers = [int.from_bytes(base64.urlsafe_b64decode(key[name] + "==")) for name in ("x", "y")]
    public = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP384R1()).public_key()
    public.verify(private.sign(b"claims", ec.ECDSA(SHA384())), b"claims", ec.ECDSA(SHA384()))


def test_rotating_keys_keep_the_one_before(ehr: HostileEhr) -> None:
    sets = [{key["kid"] for key in get(ehr.key_set("rotating-keys")).json()["keys"]} for _ in range(4)]
    assert all(len(before & after) == 1 for before, after in itertools.pairwise(sets))


@pytest.mark.parametrize("name", [name for name, one in faults().items() if one.place is Place.KEYS])
def test_no_key_set_breaks_the_server(ehr: HostileEhr, name: str) -> None:
    tasted(ehr, ehr.key_set(name))
    assert get(ehr.key_set()).status_code == 200
    with pytest.raises(UnknownFault):
        ehr.key_set(HONEST)


# The journal


def test_who_came_is_remembered_and_their_token_is_not(ehr: HostileEhr) -> None:
    get(f"{ehr.base()}/{SEARCH}")
    requests.get(f"{ehr.base()}/metadata", timeout=5)
    came = [one for one in ehr.arrivals if one.what == "request"]
    assert came == [
        Arrival("ehr", "request", f"/honest/all/fhir/{SEARCH}", authorised=True),
        Arrival("ehr", "request", "/honest/all/fhir/metadata", authorised=False),
    ]
    assert TOKEN not in repr(vars(ehr)) + repr(ehr.arrivals)
    ehr.forget()
    assert ehr.arrivals == []


def test_whoever_follows_a_redirect_is_noticed_elsewhere(ehr: HostileEhr) -> None:
    for name in ("redirect-302", "redirect-to-another-host"):
        ehr.forget()
        location = get(f"{ehr.base(name)}/{SEARCH}").headers["Location"]
        assert ehr.strayed == []
        assert get(location).json()["entry"] == []
        assert [(one.where, one.what, one.authorised) for one in ehr.strayed] == [
            ("elsewhere", "connection", False),
            ("elsewhere", "request", True),
        ]


def test_whoever_speaks_tls_to_a_plain_port_is_noticed(ehr: HostileEhr) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://127.0.0.1:{ehr.port}/fhir", timeout=5)
    last = time.monotonic() + PATIENCE
    while not ehr.strayed and time.monotonic() < last:  # noted after the client has had its answer
        time.sleep(0.01)
    assert [one.what for one in ehr.strayed] == ["tls"]


def test_whoever_speaks_no_http_is_let_go(ehr: HostileEhr) -> None:
    with socket.create_connection(("127.0.0.1", ehr.port), timeout=5) as client:
        client.sendall(b"EHLO ehr.example\r\n\r\n")
        assert client.recv(10) == b""


# The tester's desk


def test_the_desk_lists_every_fault_with_its_address(ehr: HostileEhr) -> None:
    listed = requests.get(f"{ehr.address}/_faults", timeout=5).json()
    assert [one["name"] for one in listed["faults"]] == list(faults())
    assert all(one["address"] and one["sentence"] for one in listed["faults"])
    assert {"labs", "pregnancyObs"} <= set(listed["data"])


def test_the_desk_makes_a_new_call_each_time(ehr: HostileEhr) -> None:
    calls = [requests.get(f"{ehr.address}/_request?fault=http-404&on=labs", timeout=5).json() for _ in range(2)]
    assert {call["fhirServer"] for call in calls} == {ehr.base("http-404", ("labs",))}
    assert len({call["hookInstance"] for call in calls}) == 2
    assert len({call["fhirAuthorization"]["access_token"] for call in calls}) == 2
    assert all("prefetch" not in call for call in calls)
    assert requests.get(f"{ehr.address}/_request", timeout=5).json()["fhirServer"] == f"{ehr.address}/fhir"


def test_the_desk_tells_who_came_and_forgets(ehr: HostileEhr) -> None:
    get(f"{ehr.base()}/{SEARCH}")
    told = requests.get(f"{ehr.address}/_arrivals?forget", timeout=5).json()["arrivals"]
    assert f"/honest/all/fhir/{SEARCH}" in [one["target"] for one in told]
    assert TOKEN not in json.dumps(told)
    assert len(ehr.arrivals) < len(told)


@pytest.mark.parametrize("path", ["/_faults?use=nonsense", "/_request?fault=nonsense", "/_nonsense"])
def test_the_desk_refuses_what_it_does_not_know(ehr: HostileEhr, path: str) -> None:
    answer = requests.get(f"{ehr.address}{path}", timeout=5)
    assert answer.status_code in (400, 404)
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/", "/nonsense", "/nonsense/all/fhir/Patient/ada", "/keys/nonsense", "/keys/honest"])
def test_an_address_with_nothing_behind_it_is_not_found(ehr: HostileEhr, path: str) -> None:
    assert get(f"{ehr.address}{path}").status_code == 404


def test_a_taken_port_is_said(ehr: HostileEhr) -> None:
    with pytest.raises(OSError, match="in use"):
        HostileEhr(Records([], "ada"), port=ehr.port)


def test_it_ends_at_once_whoever_still_waits() -> None:
    with HostileEhr(Records(RECORD, "ada")) as ehr, socket.create_connection(("127.0.0.1", ehr.port)) as client:
        path = ehr.base("hang-before-headers").removeprefix(ehr.address)
        client.sendall(f"GET {path}/{SEARCH} HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n".encode())
        while not any(one.what == "request" for one in ehr.arrivals):
            time.sleep(0.005)
        began = time.monotonic()
        ehr.close()
        assert time.monotonic() - began < 2
