"""What a medication is, as far as this service needs to know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opioid:
    """An opioid that counts as exposure (rulebook b.2).

    `ingredient` groups records of the same drug (an RxNorm ingredient code, or the name where no code is known).
    `washout` is a row of the washout table: `short-acting`, `long-acting`, `two-week` (methadone, buprenorphine),
    `depot` (buprenorphine weekly or monthly) or `kind-unknown`.
    """

    ingredient: str
    name: str
    washout: str


@dataclass(frozen=True, slots=True)
class Naltrexone:
    """A product that contains naltrexone and no opioid.

    `product` is `er-injectable`, `nb-combo` (with bupropion), `oral` or `unspecified`. `strength_mg` is mg for one
    unit (tablet, capsule, injection), `strength_mg_per_ml` is the concentration of a liquid; None where the code and
    the text do not say. `low_dose_cue` is true where the words themselves say low-dose naltrexone or LDN,
    `strength_coded` where the code, and not only the text, names the strength.
    """

    product: str
    strength_mg: float | None = None
    strength_mg_per_ml: float | None = None
    low_dose_cue: bool = False
    compounded: bool = False
    strength_coded: bool = False


@dataclass(frozen=True, slots=True)
class Drug:
    """A medication that matters here. `name` is short and ours (`oxycodone`), `label` is what the record says.

    `by` is `code` or `text`: a code decides, text counts only where no code is known. `disagreeing_text` holds the
    words of the record where the code says one drug and the words another, so that a card can mention it.
    """

    name: str
    label: str
    opioids: tuple[Opioid, ...] = ()
    naltrexone: Naltrexone | None = None
    anticoagulant: bool = False
    by: str = "code"
    disagreeing_text: str = ""
