"""The strict setting's second half: every FHIR resource that a card carries is valid in the client's release."""

from collections.abc import Iterable

from cds_service.errors import BadAnswer
from cds_service.fhir import write
from cds_service.present.cards import Shown


def check_resources(cards: Iterable[Shown], release: str) -> None:
    """Raises BadAnswer naming the rule and the first fault. The response schema is checked by the door."""
    for shown in cards:
        for suggestion in shown.card.get("suggestions", ()):
            for action in suggestion["actions"]:
                if "resource" in action and (faults := write.validate(release, action["resource"])):
                    raise BadAnswer(f"A suggestion of {shown.findings[0].rule} is not valid {release}: {faults[0]}.")
