"""`cds-service check-content`: the reading of a start without the start."""

import os
from dataclasses import replace

from rich.text import Text

from cds_service.cli.terminal import console, plain, print_json
from cds_service.running import knowledge_of
from cds_service.settings import Settings
from cds_service.titration.orderset import selfcheck


def check_content(cards: str, site: str, *, as_json: bool = False) -> int:
    """Prints what was read and what the site changes. Raises BadContent for the first thing that cannot be used."""
    settings = Settings.read(os.environ)
    settings = replace(settings, cards_dir=cards or settings.cards_dir, site_file=site or settings.site_file)
    knowledge = knowledge_of(settings)
    selfcheck(knowledge.order_set)
    signed = sum(bool(card.approved_by) for card in knowledge.cards.values())
    if as_json:
        print_json(
            {
                "cards": len(knowledge.cards),
                "signed": signed,
                "numbers": len(knowledge.numbers_said),
                "changes": [
                    {"what": one.what, "reason": one.reason, "lowersOpioidCheck": one.lowers_opioid_check}
                    for one in knowledge.changes
                ],
                "knowledgeVersion": knowledge.version,
            }
        )
        return 0
    out = console()
    out.print(
        Text(f"{len(knowledge.cards)} cards ({signed} signed), {len(knowledge.numbers_said)} numbers: all readable.")
    )
    for change in knowledge.changes:
        reason = f" ({change.reason})" if change.reason else ""
        mark = "site, lowers an opioid check: " if change.lowers_opioid_check else "site: "
        out.print(Text(plain(f"{mark}{change.what}{reason}")), soft_wrap=True)
    out.print(Text(f"Knowledge version {knowledge.version}"))
    return 0
