"""Text cut down to words that this service reads: what is left of a free text when nothing of a person may be left.

An allow-list, not a search for names: a word stays only where it stands in a list of words of the value sets, or is a
word of dosing. A number stays only beside a word that gives it a meaning as a dose, a count or a time. Whatever is
taken out leaves one mark, so that the words on both sides do not become neighbours.
"""

import re
from functools import cache

from cds_service.terminology.tables import rows

MARK = "…"
_LISTS = (
    "allergy_words",
    "condition_words",
    "drug_words",
    "first_line_words",
    "observation_words",
    "procedure_words",
    "route_words",
)
_PHRASES = {"condition_words": (0, 2, 3), "drug_words": (0,), "route_words": (0,)}
_MEASURE_WORDS = """
mg mgs mcg µg μg ug g gram grams milligram milligrams microgram micrograms ml mls milliliter milliliters
millilitre millilitres cc tab tabs tablet tablets cap caps capsule capsules pill pills troche troches lozenge
lozenges patch patches dose doses drop drops spray sprays hour hours hr hrs h day days d week weeks wk wks
month months night nights time times x hourly percent unit units iu film films
"""
_MEASURES = frozenset(_MEASURE_WORDS.split())
_WORDS_BEFORE = """
day days week weeks wk wks every q x take give use dose
"""
_BEFORE = frozenset(_WORDS_BEFORE.split())
_DOSING_WORDS = """
a an and as at by to from of each per once twice thrice one two three four five six half then thereafter after that
afterwards followed daily nightly weekly monthly bedtime morning evening noon night hs qhs bid tid qid qod prn am pm
needed required when if other alternate alternating or the in on for first next another last until through up
down increase increasing increased raise raised titrate titrated titration taper tapering wean step steps
stepping stop stopped start started mouth oral orally po sublingual under tongue low ultra ldn uldn compounded
compounding compound pharmacy filler fillers free extended immediate release sustained solution suspension
liquid injection depot not no without previous previously prior old former replace replaces replacing instead
was were taking weekday monday tuesday wednesday thursday friday saturday sunday positive negative detected
pregnant results result found matches records data mother father brother sister family history maternal child
baby
"""
_DOSING = _MEASURES | _BEFORE | frozenset(_DOSING_WORDS.split())  # fmt: skip
_TOKEN = re.compile(r"\d{4}-\d{2}-\d{2}(?![\w-])|\d+(?:[.,]\d+)?|[^\W\d_]+|\s+|.", re.S)
_NUMBER = re.compile(r"\d{1,4}(?:[.,]\d{1,4})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BETWEEN = ("/", "-", "–", "to", "or")
_JOINTS = re.compile(r"[\s/,.;:()%+&½×–-]+")


def kept_words(text: str) -> str:
    """The text with everything taken out that is not known; empty where there was no text."""
    tokens = _TOKEN.findall(text)
    kept = [_stays(tokens, place) for place in range(len(tokens))]
    out: list[str] = []
    for token, stays in zip(tokens, kept, strict=True):
        if stays:
            out.append(token)
        elif not out or out[-1] != MARK:
            out.append(MARK)
    return re.sub(r"\s*…[\s…/,.;:()%+&½×–-]*…\s*", f" {MARK} ", "".join(out)).strip()


def _stays(tokens: list[str], place: int) -> bool:
    token = tokens[place]
    if _JOINTS.fullmatch(token) or _DAY.fullmatch(token):
        return True
    if token[0].isdigit():
        return _NUMBER.fullmatch(token) is not None and _is_amount(tokens, place)
    return token.casefold() in _words()


def _is_amount(tokens: list[str], place: int) -> bool:
    """Whether the word before or after says what is counted; a range or a fraction counts as one amount."""
    if _neighbour(tokens, place - 1, -1)[1].casefold() in _BEFORE:
        return True
    at, after = _neighbour(tokens, place + 1, 1)
    if after in _BETWEEN and len(tokens[place]) < 4:
        at, second = _neighbour(tokens, at + 1, 1)
        after = _neighbour(tokens, at + 1, 1)[1] if _NUMBER.fullmatch(second) else ""
    return after.casefold() in _MEASURES


def _neighbour(tokens: list[str], place: int, step: int) -> tuple[int, str]:
    """The next token from `place` on in that direction, past spaces, hyphens beside words and opening brackets."""
    while 0 <= place < len(tokens) and (tokens[place].isspace() or tokens[place] == "("):
        place += step
    hyphen = 0 <= place + step < len(tokens) and tokens[place] == "-" and tokens[place + step].isalpha()
    place += step if hyphen else 0
    return (place, tokens[place]) if 0 <= place < len(tokens) else (place, "")


@cache
def _words() -> frozenset[str]:
    """Every word of the lists of words that the value sets are read with, and those of dosing."""
    found = {
        word
        for name in _LISTS
        for row in rows(f"{name}.csv")
        for column in _PHRASES.get(name, (0,))
        for word in re.findall(r"[^\W\d_]+", row[column].casefold())
    }
    return _DOSING | frozenset(found)
