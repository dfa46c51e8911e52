"""Where the clinicians' rooms are: `cards/` and `fhir_fixtures/`, in a checkout or inside an installed wheel.

In a wheel both folders lie below this package (setup.cfg maps them there); in a checkout they stand at the top, where
a clinician finds them. Looking in both places serves sdist, wheel, checkout and editable install alike.
"""

from pathlib import Path


def _folder(name: str) -> Path:
    here = Path(__file__).resolve().parent
    shipped = here / name
    return shipped if shipped.is_dir() else here.parents[1] / name


def cards_dir(override: str = "") -> Path:
    """The folder of card files: a site's own (setting CDS_CARDS_DIR) or the one that was shipped."""
    return Path(override) if override else _folder("cards")


def fixtures_dir() -> Path:
    """The folder of synthetic cases that was shipped."""
    return _folder("fhir_fixtures")
