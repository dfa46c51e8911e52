"""What is assumed of ordinary patients: how many have what, take what, and are written for how.

`RATES` is the whole of what is assumed in numbers; `scripts/burden_report.py` prints it with its sources. A rate whose
source is "assumed" is a guess of ours that a site should put its own figure in place of.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_ASSUMED = "assumed"
_NHANES = "NHANES 2015-2018, NCHS Data Brief 369: adults with a prescription opioid in the past 30 days"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of patients (0 to 1) for whom something is true."""

    share: float
    source: str
    what: str


RATES: Mapping[str, Rate] = {
    "woman": Rate(0.80, "fibromyalgia is diagnosed in women mostly; exact share assumed", "women among patients"),
    "minor": Rate(0.003, _ASSUMED, "patients of 15 to 17 years"),
    "new": Rate(0.45, _ASSUMED, "LDN orders that start treatment; the others go on with it"),
    "dose-change": Rate(0.15, _ASSUMED, "orders that go on with LDN at another dose"),
    "unlinked": Rate(0.20, _ASSUMED, "orders that go on with LDN and do not name the order before"),
    "early": Rate(0.10, _ASSUMED, "orders that go on with LDN more than 14 days before the supply ends"),
    "opioid-current": Rate(0.057, _NHANES, "a current opioid, new start"),
    "opioid-current-on-ldn": Rate(0.010, _ASSUMED, "a current opioid although LDN is taken"),
    "opioid-as-statement": Rate(0.30, _ASSUMED, "of these, listed as a statement and not as a prescription"),
    "agonist": Rate(0.004, _ASSUMED, "buprenorphine or methadone, new start"),
    "opioid-course": Rate(0.035, _ASSUMED, "a short opioid course that ended in the last 90 days"),
    "opioid-relic": Rate(0.08, _ASSUMED, "an opioid prescription of 120 days to 4 years ago still marked active"),
    "opioid-undated": Rate(0.010, _ASSUMED, "an opioid on the list as active without any date"),
    "use-disorder": Rate(0.006, _ASSUMED, "opioid use disorder on the problem list"),
    "use-disorder-remission": Rate(0.004, _ASSUMED, "opioid use disorder in remission on the problem list"),
    "screen-positive": Rate(0.002, _ASSUMED, "an opioid screen positive in the last two weeks"),
    "pregnant": Rate(0.04, "3.6 million births a year, 65 million US women of 15 to 44", "pregnant, women of 15 to 44"),
    "pregnancy-old": Rate(0.05, _ASSUMED, "a pregnancy of over a year ago still active on the list, women of 15 to 44"),
    "pregnancy-tested": Rate(0.25, _ASSUMED, "a negative pregnancy test in the last 30 days, other women of 15 to 50"),
    "cirrhosis": Rate(0.0027, "NHANES 1999-2010 as published in 2015: 0.27 % of adults", "cirrhosis"),
    "decompensated": Rate(0.25, _ASSUMED, "of these, decompensated"),
    "liver-tested": Rate(0.45, _ASSUMED, "ALT on file from the last 90 days"),
    "alt-raised": Rate(0.006, _ASSUMED, "of these, ALT above 3 times its limit"),
    "alt-high": Rate(0.0015, _ASSUMED, "of these, ALT above 5 times its limit"),
    "fatty-liver": Rate(0.10, _ASSUMED, "fatty liver on the problem list"),
    "surgery": Rate(0.006, _ASSUMED, "an operation booked in the next 14 days"),
    "procedure-elsewhere": Rate(0.03, _ASSUMED, "an imaging or screening appointment in the next 14 days"),
    "opioid-allergy": Rate(0.05, _ASSUMED, "nausea or itch from an opioid on the allergy list"),
    "naltrexone-allergy": Rate(0.001, _ASSUMED, "an allergy to naltrexone on the list"),
    "first-line": Rate(0.85, _ASSUMED, "a first-line drug for pain on some list"),
    "tablet-chosen": Rate(0.02, _ASSUMED, "the 50 mg tablet of the catalogue, with a low dose in the instructions"),
    "tablet-dose": Rate(0.006, _ASSUMED, "50 mg a day ordered for pain"),
    "tenfold": Rate(0.001, _ASSUMED, "a tenfold dose"),
    "above-range": Rate(0.015, _ASSUMED, "5 or 6 mg a day"),
    "twice-daily": Rate(0.015, _ASSUMED, "a dose twice a day"),
    "text-only": Rate(0.15, _ASSUMED, "instructions in words alone"),
    "liquid": Rate(0.06, _ASSUMED, "1 mg/mL liquid"),
    "sequenced": Rate(0.08, _ASSUMED, "a new start written as a sequence of steps"),
    "score": Rate(0.30, _ASSUMED, "a pain score of the last months"),
    "lists-missing": Rate(0.005, _ASSUMED, "calls in which a medication list could not be had"),
}  # fmt: skip

# (reason code, its name, share): what LDN is ordered for; assumed. The last one is an order without a reason.
REASONS = (
    ("M79.7", "Fibromyalgia", 0.52),
    ("G89.4", "Chronic pain syndrome", 0.14),
    ("G62.9", "Polyneuropathy, unspecified", 0.08),
    ("G90.511", "Complex regional pain syndrome I of right upper limb", 0.04),
    ("G35", "Multiple sclerosis", 0.07),
    ("K50.90", "Crohn's disease, unspecified, without complications", 0.06),
    ("", "", 0.09),
)
# (code, name, share of adults): common problems that have nothing to do with naltrexone; rounded, assumed.
PROBLEMS = (
    ("I10", "Essential hypertension", 0.32),
    ("E11.9", "Type 2 diabetes mellitus without complications", 0.11),
    ("F33.1", "Major depressive disorder, recurrent, moderate", 0.22),
    ("F41.1", "Generalized anxiety disorder", 0.20),
    ("G43.909", "Migraine, unspecified", 0.18),
    ("K58.9", "Irritable bowel syndrome without diarrhea", 0.15),
    ("E03.9", "Hypothyroidism, unspecified", 0.10),
    ("J45.909", "Unspecified asthma, uncomplicated", 0.09),
    ("G47.00", "Insomnia, unspecified", 0.15),
    ("M54.50", "Low back pain, unspecified", 0.25),
)
# (RxNorm ingredient, name, share): drugs on the list; assumed.
DRUGS = (
    ("29046", "lisinopril 10 mg tablet", 0.14),
    ("6809", "metformin 500 mg tablet", 0.09),
    ("10582", "levothyroxine 50 mcg tablet", 0.10),
    ("36437", "sertraline 50 mg tablet", 0.13),
    ("435", "albuterol inhaler", 0.10),
    ("83367", "atorvastatin 20 mg tablet", 0.16),
    ("5640", "ibuprofen 600 mg tablet", 0.20),
    ("7646", "omeprazole 20 mg capsule", 0.15),
    ("6468", "loperamide 2 mg capsule", 0.02),
)
FIRST_LINE = (
    ("72625", "duloxetine 60 mg capsule"),
    ("187832", "pregabalin 75 mg capsule"),
    ("25480", "gabapentin 300 mg capsule"),
    ("704", "amitriptyline 25 mg tablet"),
)
# Clinical drugs of the value set opioids.csv, weighted as they are prescribed (assumed).
OPIOIDS = (
    ("857002", "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet", 0.40),
    ("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet", 0.27),
    ("835603", "tramadol hydrochloride 50 MG Oral Tablet", 0.33),
)
PREGNANCY = ("Z34.90", "Encounter for supervision of normal pregnancy, unspecified")
AGONISTS = (
    ("1010604", "buprenorphine 8 MG / naloxone 2 MG Sublingual Film"),
    ("864706", "methadone hydrochloride 10 MG Oral Tablet"),
)
