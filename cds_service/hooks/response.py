"""The check of our own answers against the response schema: in tests, and on every answer in the strict setting."""

from typing import Any

from cds_service.errors import BadAnswer
from cds_service.hooks.schemas import schema


def check_response(body: Any) -> None:
    """Raises BadAnswer with the place of the first breach (cds-hooks G, H)."""
    fault = schema("response").fault(body)
    if fault is not None:
        raise BadAnswer(f"The answer breaks the response schema: {fault.text}", expression=fault.path)
    uuids = [part["uuid"] for card in body["cards"] for part in (card, *card.get("suggestions", ()))]
    if len(set(uuids)) < len(uuids):
        raise BadAnswer("Two cards or suggestions of the answer share a uuid.", expression="cards")
