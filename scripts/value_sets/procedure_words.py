"""Words of procedures, requests and appointments."""

from collections.abc import Iterator

from value_sets.tables import Line, ValueSet

# Whole words of a request, an appointment or a procedure without a known code. Words that put an operation into the
# past or only talk about it (near-miss 6) win over the words and the category that name it.
AFTER_OR_ABOUT = (
    "aftercare",
    "assessment",
    "clinic",
    "consult",
    "consultation",
    "counseling",
    "counselling",
    "education",
    "evaluation",
    "follow up",
    "followup",
    "post op",
    "post operative",
    "post surgery",
    "postop",
    "postoperative",
    "pre op",
    "pre operative",
    "preop",
    "preoperative",
    "referral",
    "review",
    "second opinion",
    "suture removal",
    "visit",
)
SURGERY_PHRASES = (
    "acl reconstruction",
    "appendectomy",
    "arthroplasty",
    "arthroscopy",
    "bypass graft",
    "cholecystectomy",
    "colectomy",
    "craniotomy",
    "discectomy",
    "general anaesthesia",
    "general anesthesia",
    "hernia repair",
    "hip replacement",
    "knee replacement",
    "laminectomy",
    "laparoscopy",
    "laparotomy",
    "mastectomy",
    "nephrectomy",
    "operation",
    "prostatectomy",
    "rotator cuff repair",
    "spinal fusion",
    "surgery",
    "surgical procedure",
    "thyroidectomy",
    "tonsillectomy",
)
MINOR_PHRASES = (
    "cataract",
    "colonoscopy",
    "ct",
    "dental cleaning",
    "endoscopy",
    "eye injection",
    "imaging",
    "injection",
    "mammogram",
    "mammography",
    "mri",
    "skin biopsy",
    "ultrasound",
    "vaccination",
    "x ray",
)
PROCEDURE_WORDS = (
    *((phrase, ("surgery",)) for phrase in SURGERY_PHRASES),
    ("hysterectomy", ("conception-unlikely", "surgery", "uterus-absent")),
    ("tubal ligation", ("conception-unlikely", "surgery")),
    ("caesarean section", ("pregnancy-ended-delivery", "surgery")),
    ("cesarean section", ("pregnancy-ended-delivery", "surgery")),
    ("vaginal delivery", ("pregnancy-ended-delivery",)),
    *((phrase, ("minor",)) for phrase in MINOR_PHRASES),
    *((phrase, ("aside",)) for phrase in AFTER_OR_ABOUT),
)


def procedure_word_lines() -> Iterator[Line]:
    for phrase, groups in PROCEDURE_WORDS:
        yield phrase, ";".join(sorted(groups))


FILES = {
    "procedure_words.csv": ValueSet(("phrase", "group"), lambda _: procedure_word_lines()),
}
