"""What a medication is: an opioid, naltrexone, an anticoagulant, or nothing that matters here.

Rulebook b.1, *Medication identity*: a code decides, text counts only where no code is known; a code that says "not
naltrexone" or "not counted" ends the question. Whole words only. A product of an opioid and naltrexone is an opioid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from cds_service.record.coding import Concept
from cds_service.record.drug import Drug, Naltrexone, Opioid
from cds_service.terminology import tables
from cds_service.terminology.memory import Memory
from cds_service.terminology.strength import Strength, stated_strength
from cds_service.terminology.systems import ATC, canonical_system
from cds_service.terminology.words import Phrasebook, words_of

# Shorter intervals first (rulebook b.2): of two statements about one drug the longer interval is kept.
_WASHOUTS = ("short-acting", "kind-unknown", "long-acting", "two-week", "depot")
# Of several codings of one product the one that says most about it.
_PRODUCTS = ("unspecified", "oral", "er-injectable", "nb-combo")
_IMPLANTED = frozenset({"implant", "implants", "pellet", "pellets"})

_Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Word:
    """What one word stands for; `drug` is an opioid, a naltrexone product, an anticoagulant or a cue.

    `form` is `stated` for a brand whose products all have the one washout class.
    """

    means: str
    drug: str
    ingredient: str
    washout: str
    form: str


@dataclass(slots=True)
class _Reading:
    """What codes, or words, say: the same shape for both, so that they can be compared.

    `displayed` is the place of the first known coding that has a display, -1 where none has.
    """

    recognised: bool = False
    displayed: int = -1
    opioids: dict[str, Opioid] = field(default_factory=dict)
    forms_unknown: set[str] = field(default_factory=set)
    products: list[str] = field(default_factory=list)
    strength_mg: float | None = None
    anticoagulants: list[str] = field(default_factory=list)
    cues: set[str] = field(default_factory=set)
    sequestered: bool = False  # an opioid product that holds naltrexone: Embeda, Troxyca

    @property
    def drugs(self) -> frozenset[str]:
        """The drugs that it names, classes left out."""
        named = {opioid.name for opioid in self.opioids.values() if opioid.ingredient != "opioid"}
        naltrexone = {"naltrexone"} if self.products or self.sequestered else set()
        return frozenset(named | naltrexone | set(self.anticoagulants))


@cache
def _opioid_codes() -> dict[_Code, tuple[str, str, str, str, str]]:
    """(ingredients, names, washout, form, naltrexone) of a code; the first two are `;` lists of the same length."""
    return {
        (system, code): (ingredient, name, washout, form, naltrexone)
        for system, code, _, ingredient, name, washout, form, naltrexone in tables.rows("opioids.csv")
    }


@cache
def _naltrexone_codes() -> dict[_Code, tuple[str, float | None, str]]:
    return {
        (system, code): (product, float(strength) if strength else None, cue)
        for system, code, _, product, strength, cue in tables.rows("naltrexone.csv")
    }


@cache
def _anticoagulant_codes() -> dict[_Code, str]:
    return {(system, code): name for system, code, _, name in tables.rows("anticoagulants.csv")}


@cache
def _words() -> Phrasebook[_Word]:
    return Phrasebook((word, _Word(*meaning)) for word, *meaning, _ in tables.rows("drug_words.csv"))


@cache
def _first_words() -> frozenset[str]:
    """The words with which the name of a drug can begin: a text without any of them is settled at once."""
    return frozenset(word.partition(" ")[0] for word, means, *_ in tables.rows("drug_words.csv") if means != "cue")


@dataclass(frozen=True, slots=True)
class _Identity:
    """A drug before the record's own words are put to it; `disagrees` where they name another drug than the code.

    `displayed` is the coding that the words then leave as the label.
    """

    drug: Drug | None
    disagrees: bool = False
    displayed: int = -1


_IDENTITIES: Memory[_Identity] = Memory()


def identify(concept: Concept) -> Drug | None:
    """The drug that a medication's codings and text name, or None for a medication that does not matter here."""
    found = _IDENTITIES.meaning(concept.as_bytes(), lambda: _identity(concept))
    drug, words = found.drug, concept.words
    if drug is None:
        return None
    if not found.disagrees:
        return replace(drug, label=words or drug.name)
    # The words go beside the drug, so its label is another: the display of its code, else our name for it.
    display = concept.codings[found.displayed].display if found.displayed >= 0 else ""
    label = display if display and display != words else drug.name
    return replace(drug, label=label, disagreeing_text=words)


def _identity(concept: Concept) -> _Identity:
    coded = _read_codes(concept)
    texts = _texts(concept)
    worded = _read_first_known(texts)
    if not coded.recognised:
        return _Identity(_drug(worded, worded, texts, by="text"))
    if worded.sequestered and coded.products and not coded.opioids:
        # Embeda or Troxyca under naltrexone's ingredient code, as drug maps file them: an opioid all the same.
        return _Identity(_drug(worded, worded, texts, by="text"), disagrees=True)
    drug = _drug(coded, worded, texts, by="code")
    return _Identity(drug, drug is not None and bool(worded.drugs - coded.drugs), coded.displayed)


def _texts(concept: Concept) -> list[str]:
    """The text first, then the displays: a display is consulted only where the text says nothing."""
    texts = dict.fromkeys((concept.text, *(coding.display for coding in concept.codings)))
    return [text for text in texts if text]


def _read_codes(concept: Concept) -> _Reading:
    reading = _Reading()
    for place, coding in enumerate(concept.codings):
        system = canonical_system(coding.system)
        code = coding.code.strip()
        key = (system, code.upper() if system == ATC else code)
        if key in _opioid_codes():
            _add_opioids(reading, *_opioid_codes()[key])
        elif key in _naltrexone_codes():
            _add_naltrexone(reading, *_naltrexone_codes()[key])
        elif key in _anticoagulant_codes():
            reading.anticoagulants.append(_anticoagulant_codes()[key])
            reading.recognised = True
        else:
            continue
        if reading.displayed < 0 and coding.display:
            reading.displayed = place
    return reading


def _add_opioids(reading: _Reading, ingredients: str, names: str, washout: str, form: str, naltrexone: str) -> None:
    reading.recognised = True
    reading.sequestered |= bool(naltrexone)
    if washout == "not-counted":
        return
    for ingredient, name in zip(ingredients.split(";"), names.split(";"), strict=True):
        before = reading.opioids.get(ingredient)
        if before is None:
            if not form:
                reading.forms_unknown.add(ingredient)
        elif form and ingredient in reading.forms_unknown:
            # A product code beside an ingredient code: the product decides about the form.
            reading.forms_unknown.discard(ingredient)
            before = None
        elif not form and ingredient not in reading.forms_unknown:
            continue
        kept = washout if before is None else _longer(before.washout, washout)
        reading.opioids[ingredient] = Opioid(ingredient, name, kept)


def _add_naltrexone(reading: _Reading, product: str, strength_mg: float | None, cue: str) -> None:
    if product == "bupropion":
        reading.cues.add("bupropion")
        return
    reading.recognised = True
    if product == "not-naltrexone":
        return
    # An implant blocks for months and cannot be withdrawn: of the classes that rules know it is the injection's.
    reading.products.append("er-injectable" if product == "implant" else product)
    if reading.strength_mg is None:
        reading.strength_mg = strength_mg
    if cue:
        reading.cues.add(cue)


def _read_first_known(texts: Iterable[str]) -> _Reading:
    for text in texts:
        words = words_of(text)
        if _first_words().isdisjoint(words):
            continue
        reading = _read_words(words)
        if reading.recognised:
            return reading
    return _Reading()


def _read_words(words: list[str]) -> _Reading:
    found = list(_words().found_in(words))
    reading = _Reading(cues={word.drug for word in found if word.means == "cue"})
    for word in found:
        if word.means in ("opioid", "opioid-with-naltrexone"):
            _add_worded_opioid(reading, word)
            reading.sequestered |= word.means == "opioid-with-naltrexone"
        elif word.means == "naltrexone":
            reading.products.append(word.drug)
        elif word.means == "anticoagulant":
            reading.anticoagulants.append(word.drug)
    known = {word.means for word in found} - {"cue", "no-drug", "opioid-class"}
    if not known:
        for word in found:
            if word.means == "opioid-class":
                _add_worded_opioid(reading, word)
    reading.recognised = bool(known or reading.opioids)
    return reading


def _add_worded_opioid(reading: _Reading, word: _Word) -> None:
    """`Percocet (oxycodone)`: of two words for one drug the one that states the form decides, else they agree."""
    washout, stated = _worded_washout(word, reading.cues)
    before = reading.opioids.get(word.ingredient)
    if before is None:
        if not stated:
            reading.forms_unknown.add(word.ingredient)
    elif not stated:
        return
    elif word.ingredient in reading.forms_unknown:
        reading.forms_unknown.discard(word.ingredient)
    else:
        washout = _longer(before.washout, washout)
    reading.opioids[word.ingredient] = Opioid(word.ingredient, word.drug, washout)


def _worded_washout(word: _Word, cues: set[str]) -> tuple[str, bool]:
    """The class of an opioid named in text, and whether the words state the form (rulebook b.2).

    A brand states it where all its products have the one class; only "extended release" beside it lengthens that.
    """
    if word.drug == "buprenorphine":
        released = "depot" in cues or {"extended", "injection"} <= cues
        if released and "patch" not in cues:
            return "depot", True
        return word.washout, word.washout == "depot"
    if word.washout not in ("short-acting", "long-acting") or word.drug == "levorphanol":
        return word.washout, False
    if "extended" in cues:
        return "long-acting", True
    if word.form:
        return word.washout, True
    short = {"immediate", "combination"} | ({"injection", "nasal"} if word.drug == "fentanyl" else set())
    if cues & short:
        return "short-acting", True
    return word.washout, False


def _longer(one: str, other: str) -> str:
    return max(one, other, key=_WASHOUTS.index)


def _drug(named: _Reading, worded: _Reading, texts: Sequence[str], *, by: str) -> Drug | None:
    if named.opioids:
        opioids = tuple(_refined(opioid, named, worded) for opioid in named.opioids.values())
        name = _joined(opioid.name for opioid in opioids)
        return Drug(name, name, opioids=opioids, by=by)
    if named.products:
        naltrexone = _naltrexone(named, texts)
        name = "naltrexone-bupropion" if naltrexone.product == "nb-combo" else "naltrexone"
        return Drug(name, name, naltrexone=naltrexone, by=by)
    if named.anticoagulants:
        name = _joined(named.anticoagulants)
        return Drug(name, name, anticoagulant=True, by=by)
    return None


def _refined(opioid: Opioid, named: _Reading, worded: _Reading) -> Opioid:
    """Where the code leaves the form open and the text states it (`oxycodone IR`, a depot brand), the text tells it."""
    said = worded.opioids.get(opioid.ingredient)
    if said is None or opioid.ingredient not in named.forms_unknown or opioid.ingredient in worded.forms_unknown:
        return opioid
    return Opioid(opioid.ingredient, opioid.name, said.washout)


def _naltrexone(named: _Reading, texts: Sequence[str]) -> Naltrexone:
    words = [word for text in texts for word in words_of(text)]
    found = list(_words().found_in(words))
    cues = named.cues | {word.drug for word in found if word.means == "cue"}
    product = max(named.products, key=_PRODUCTS.index)
    strength = _strength(named.strength_mg, texts)
    if product == "unspecified":
        brands = [word.drug for word in found if word.means == "naltrexone"]
        product = max((*brands, product), key=_PRODUCTS.index)
    if "bupropion" in cues and product in ("oral", "unspecified"):
        product = "nb-combo"
    if product == "unspecified" and (strength.mg == 380 or "injection" in cues or not _IMPLANTED.isdisjoint(words)):
        product = "er-injectable"
    elif product == "unspecified" and "oral" in cues:
        product = "oral"
    return Naltrexone(
        product=product,
        strength_mg=strength.mg,
        strength_mg_per_ml=strength.mg_per_ml,
        low_dose_cue="low-dose" in cues and product in ("oral", "unspecified"),
        compounded=any(word.startswith("compound") for word in words),
        strength_coded=named.strength_mg is not None,
    )


def _strength(coded_mg: float | None, texts: Sequence[str]) -> Strength:
    """The code's strength, else that of the first text that states one."""
    if coded_mg is not None:
        return Strength(mg=coded_mg)
    stated = (stated_strength(text) for text in texts)
    return next((strength for strength in stated if strength != Strength()), Strength())


def _joined(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(names))
