"""Messages in every release, valid and never sent by themselves."""

import pytest

from cds_service.fhir import write
from cds_service.record import Concept

MESSAGE = write.Message("Surgery is planned for 2026-03-09.", Concept((), "Anaesthesia"))


def words(resource: dict[str, object]) -> str:
    (payload,) = resource["payload"]
    return payload.get("contentString") or payload["contentCodeableConcept"]["text"]


@pytest.mark.parametrize("release", write.RELEASES)
@pytest.mark.parametrize("user", ["Practitioner/a", "PractitionerRole/b", "Patient/c", ""])
def test_a_message_is_valid_in_every_release(release: str, user: str) -> None:
    made = write.communication_request(release, MESSAGE, write.Session("p", user, "e"))
    assert write.validate(release, made) == []
    assert words(made) == MESSAGE.text


@pytest.mark.parametrize("release", write.RELEASES)
def test_a_message_is_a_draft_about_the_patient(release: str) -> None:
    made = write.communication_request(release, write.Message("Call."), write.Session("p"))
    assert made["status"] == ("proposed" if release == "DSTU2" else "draft")
    assert made["subject"] == {"reference": "Patient/p"}
    assert "category" not in made


@pytest.mark.parametrize("release", write.RELEASES)
def test_a_message_without_words_is_refused(release: str) -> None:
    made = write.communication_request(release, write.Message(""), write.Session("p"))
    assert write.validate(release, made) != []


def test_dstu2_refuses_what_it_does_not_have() -> None:
    made = write.communication_request("DSTU2", MESSAGE, write.Session("p"))
    for wrong in ({"intent": "order"}, {"status": "draft"}, {"payload": []}, {"category": [{"text": "a"}]}):
        assert write.validate("DSTU2", made | wrong) != []
