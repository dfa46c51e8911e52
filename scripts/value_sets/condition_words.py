"""The text fallback for conditions."""

from collections.abc import Iterable, Iterator, Sequence

from value_sets.condition_groups import ASCITES, COMA, DECOMPENSATED, ENCEPHALOPATHY, STANDALONE
from value_sets.tables import Line, ValueSet

# The text fallback for conditions: (phrase, groups, needs, unless). Needs and unless are phrases anywhere in the text.
DOUBT = ("denies", "negative for", "no evidence", "r o", "risk of", "rule out", "ruled out", "screening")
PREGNANCY_UNLESS = (
    "abortion",
    "counseling",
    "counselling",
    "desires",
    "ectopic",
    "ended",
    "false pregnancy",
    "history",
    "hx",
    "hysterical pregnancy",
    "imaginary pregnancy",
    "miscarriage",
    "molar",
    "negative",
    "never",
    "no longer pregnant",
    "non pregnant",
    "not currently pregnant",
    "not pregnant",
    "past",
    "phantom pregnancy",
    "planned pregnancy",
    "planning",
    "possible",
    "possibly",
    "post pregnancy",
    "postpartum",
    "pregnancy loss",
    "pregnancy test",
    "pregnancy tests",
    "prevention",
    "previous",
    "prior",
    "pseudo pregnancy",
    "pseudocyesis",
    "spurious pregnancy",
    "suspected",
    "terminated",
    "termination",
    "trying",
    "unconfirmed",
    "wants",
)
CIRRHOSIS_UNLESS = ("pulmonary", "primary biliary")
NEWBORN = ("neonatal", "newborn", "neonate")


def worded(
    groups: Sequence[str], phrases: Iterable[str], *, needs: Sequence[str] = (), unless: Sequence[str] = ()
) -> Iterator[tuple[str, Sequence[str], Sequence[str], Sequence[str]]]:
    """One entry a phrase; negated or doubted it says nothing."""
    for phrase in phrases:
        yield phrase, groups, needs, (*(f"{no} {phrase}" for no in ("no", "not", "without")), *DOUBT, *unless)


def substance_words(drug: str, *phrases: str) -> Iterator[tuple[str, Sequence[str], Sequence[str], Sequence[str]]]:
    group = f"{drug}-use-disorder"
    yield from worded((group,), phrases, unless=("remission", "history", *NEWBORN))
    yield from worded((f"{group}-remission",), phrases, needs=("remission",), unless=NEWBORN)


CONDITION_WORDS = (
    *worded(("seizure-disorder",), ("epilepsy", "seizure disorder", "seizure disorders")),
    *worded(("bulimia",), ("bulimia", "bulimia nervosa")),
    *worded(("pregnancy",), ("pregnant", "pregnancy"), unless=PREGNANCY_UNLESS),
    *worded(
        ("pregnancy-possible",),
        ("possible pregnancy", "possibly pregnant", "pregnancy suspected", "suspected pregnancy"),
        unless=("negative", "history"),
    ),
    *worded(("cirrhosis",), ("cirrhosis",), unless=CIRRHOSIS_UNLESS),
    *worded(
        DECOMPENSATED,
        (
            "cirrhosis decompensated",
            "decompensated alcoholic cirrhosis",
            "decompensated cirrhosis",
            "decompensated hepatic cirrhosis",
            "decompensated liver cirrhosis",
        ),
        unless=CIRRHOSIS_UNLESS,
    ),
    *worded(ASCITES, ("ascites",), unless=("malignant", "cardiac", "heart failure")),
    *worded(
        ("ascites-severe",),
        (
            "large volume ascites",
            "massive ascites",
            "moderate ascites",
            "refractory ascites",
            "severe ascites",
            "tense ascites",
        ),
        unless=("malignant", "cardiac", "heart failure"),
    ),
    *worded(ENCEPHALOPATHY, ("hepatic encephalopathy", "portosystemic encephalopathy")),
    *worded(COMA, ("hepatic coma",)),
    *worded(STANDALONE, ("end stage liver disease", "hepatorenal", "hepatorenal syndrome")),
    *worded(
        ("decompensation",),
        ("bleeding esophageal varices", "bleeding oesophageal varices", "variceal bleed", "variceal bleeding"),
        unless=("prophylaxis", "prevention"),
    ),
    *worded(
        ("opioid-withdrawal",),
        ("heroin withdrawal", "narcotic withdrawal", "opiate withdrawal", "opioid withdrawal"),
        unless=("alcohol", "history", *NEWBORN),
    ),
    *substance_words("alcohol", "alcohol abuse", "alcohol dependence", "alcohol use disorder", "alcoholism"),
    *substance_words(
        "opioid",
        "heroin dependence",
        "opiate addiction",
        "opiate dependence",
        "opioid abuse",
        "opioid addiction",
        "opioid dependence",
        "opioid use disorder",
        "oud",
    ),
    *worded(
        ("opioid-agonist-therapy",),
        (
            "buprenorphine maintenance",
            "methadone maintenance",
            "on agonist therapy",
            "opioid agonist therapy",
            "opioid agonist treatment",
            "opioid maintenance therapy",
            "opioid substitution therapy",
            "opioid treatment program",
        ),
        unless=("completed", "declined", "former", "history", "past", "referral"),
    ),
    *worded(("opioid-long-term-use",), ("chronic opioid use", "long term opioid use"), unless=("history",)),
    *worded(
        ("opioid-poisoning",),
        ("fentanyl overdose", "heroin overdose", "opiate overdose", "opioid overdose", "opioid poisoning"),
        unless=("education", "history", "naloxone", "prevention", "sequela"),
    ),
    *worded(
        ("breastfeeding",),
        ("breast feeding", "breastfeeding", "lactating"),
        unless=("counseling", "counselling", "education", "history", "plans", "stopped", "weaned"),
    ),
    *worded(
        ("conception-unlikely", "uterus-absent"),
        ("h o hysterectomy", "history of hysterectomy", "hysterectomy", "s p hysterectomy", "status post hysterectomy"),
        unless=("planned", "scheduled", "awaiting"),
    ),
    *worded(
        ("conception-unlikely",),
        (
            "contraceptive implant",
            "intrauterine contraceptive device",
            "intrauterine device",
            "iud",
            "post menopausal",
            "postmenopausal",
            "tubal ligation",
        ),
        unless=("planned", "removal", "removed", "request", "scheduled", "reversal"),
    ),
    *worded(
        ("naltrexone-effect",),
        (
            "abnormal dreams",
            "bad dreams",
            "dizziness",
            "drowsiness",
            "drowsy",
            "headache",
            "headaches",
            "insomnia",
            "nausea",
            "nightmares",
            "sleep disturbance",
            "somnolence",
            "tachycardia",
            "vivid dreams",
        ),
        unless=("migraine",),
    ),
    *worded(("severe-reaction",), ("anaphylactic", "anaphylaxis", "angioedema", "angioneurotic edema")),
    *worded(("obesity",), ("obesity", "obese")),
    *worded(("fibromyalgia",), ("fibromyalgia", "fibrositis", "fms")),
    *worded(
        ("chronic-pain",),
        (
            "central pain syndrome",
            "chronic back pain",
            "chronic low back pain",
            "chronic pain",
            "chronic pelvic pain",
            "chronic widespread pain",
        ),
    ),
    *worded(("crps",), ("causalgia", "complex regional pain", "crps", "reflex sympathetic dystrophy")),
    *worded(
        ("neuropathy",),
        (
            "neuralgia",
            "neuropathic pain",
            "neuropathy",
            "polyneuropathy",
        ),
        unless=("optic",),
    ),
    *worded(("multiple-sclerosis",), ("multiple sclerosis", "ppms", "rrms", "spms")),
    *worded(("crohn", "ibd"), ("crohn", "crohns")),
    *worded(("ibd",), ("ibd", "indeterminate colitis", "inflammatory bowel disease", "ulcerative colitis")),
    *worded(
        ("corneal-neuropathic-pain",),
        (
            "corneal neuralgia",
            "corneal neuropathic pain",
            "corneal neuropathy",
            "neuropathic corneal pain",
            "neuropathic eye pain",
            "ocular neuropathic pain",
        ),
    ),
)


def condition_word_lines() -> Iterator[Line]:
    for phrase, groups, needs, unless in CONDITION_WORDS:
        cells = (groups, needs, unless)
        yield (phrase, *(";".join(sorted(set(cell))) for cell in cells))


FILES = {
    "condition_words.csv": ValueSet(("phrase", "group", "needs", "unless"), lambda _: condition_word_lines()),
}
