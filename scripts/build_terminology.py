"""Make the value sets of `cds_service/terminology` from a folder of terminology tables.

    python scripts/build_terminology.py TABLES_DIR [--out DIR]

Why a script: the tables hold many more rows and columns than rules need, and some of their groups differ from the
rulebook. What is kept, what is renamed and what is corrected stands below, so that a reviewer can see every decision
and so that a newer set of tables gives a diff that can be read. The same tables always give the same bytes.

Shape of TABLES_DIR: UTF-8 CSV files with a header row. Columns used (others are ignored):

    opioid_ingredients.csv   rxcui, tty (IN or PIN), name, synonyms_brands (`;` list; a PIN says
                             `salt/ester of NAME (RXCUI)`), atc (`;` list), snomed_substance, counts_as_opioid, verified
    opioid_products.csv      rxcui, display, tty_inferred, ingredient_name (`;` list), route, duration (short-acting,
                             long-acting, depot), counts_as_opioid, contains_naltrexone (yes or no), verified
    naltrexone_products.csv  code (an RxCUI, or `ATC:` or `SNOMED:` and a code), display, tty_inferred, product_class,
                             strength_mg, verified
    conditions.csv           system, code, display, match_type (exact, ICD prefix, SNOMED with descendants,
                             text-regex), group, subgroup, verified
    observations.csv         system, code, display, group, kind (observation, answer, exclude), ucum_unit, verified
    dose_units.csv           unit, dimension, factor (to mg, mL, mg/mL), verified
    procedures.csv           system, code, display, match_type, group, verified
    allergy.csv              system, code, display, group, verified
    first_line_drugs.csv     rxcui, display, tty_inferred, ingredient_name, atc, snomed_substance, brands, verified

Rows whose `verified` is `no` are left out, unless a constant below says where the code was checked. Rows of kind
`text-regex` are left out: the words stand below in plain spelling (`drug_words.csv`, `condition_words.csv`).
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

Row = Mapping[str, str]
Line = tuple[str, ...]

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ROUTE = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"

# ---------------------------------------------------------------------------------------------------------------------
# Opioids: the washout class (rulebook b.2)
# ---------------------------------------------------------------------------------------------------------------------

# Shortest first: where a product holds two opioids, or code and table differ, the longer interval is kept.
WASHOUTS = ("not-counted", "short-acting", "kind-unknown", "long-acting", "two-week", "depot")

# Drugs that exist in extended-release form. With the formulation unknown they are long-acting, whatever the table says.
ER_CAPABLE = frozenset(
    {
        "fentanyl",
        "hydrocodone",
        "hydromorphone",
        "morphine",
        "oxycodone",
        "oxymorphone",
        "tapentadol",
        "tramadol",
    }
)
TWO_WEEK = frozenset({"buprenorphine", "levomethadone", "levomethadyl", "methadone"})
LONG_BY_NATURE = frozenset({"levorphanol"})

# Term types that name a dose form. The others (IN, PIN, MIN, BN, SCDC, SBDC, and the groupers SCDG and SBDG such as
# "Oral Product") leave the formulation unknown.
FORM_STATED = frozenset({"SCD", "SBD", "SCDF", "SBDF", "GPCK", "BPCK"})

# A combination with one of these is an immediate-release tablet unless the product says extended release.
COMBINATION = re.compile(r"\b(acetaminophen|apap|paracetamol|aspirin|asa|acetylsalicylic|ibuprofen)\b", re.IGNORECASE)

# ATC codes of such combinations (N02AJ13 tramadol, 17-19 oxycodone, 22 and 23 hydrocodone).
ATC_COMBINATION = frozenset({"N02AJ13", "N02AJ17", "N02AJ18", "N02AJ19", "N02AJ22", "N02AJ23"})

# ATC code of an opioid with naltrexone (the others have RxNorm codes and say so in the table).
ATC_WITH_NALTREXONE = frozenset({"N02AA56"})

# ATC files anaesthetics under N01A: fentanyl there is an injection, which the rulebook names short-acting.
ATC_INJECTION = "N01A"

# Released over two days from the epidural space: extended-release, though the table says short-acting.
LIPOSOMAL = re.compile(r"\b(liposomal|depodur)\b", re.IGNORECASE)

# Grouper names end like this; what comes before is the brand.
GROUPER_ENDING = re.compile(r"( (Oral|Liquid|Injectable|Rectal|Topical|Mucosal|Nasal|Product|Pill|Disintegrating))+$")

# ---------------------------------------------------------------------------------------------------------------------
# Naltrexone: what the product classes of the table are called here
# ---------------------------------------------------------------------------------------------------------------------

NALTREXONE_PRODUCTS = {
    "ER-injection-380mg": "er-injectable",
    "bulk-powder-compounding": "unspecified",
    "bupropion-combination": "nb-combo",
    "central-antagonist-not-naltrexone": "not-naltrexone",
    "implant": "implant",
    "ingredient": "unspecified",
    "low-dose-oral": "oral",
    "not-an-antagonist": "not-naltrexone",
    "oral-tablet": "oral",
    "other": "unspecified",
    "peripheral-antagonist": "not-naltrexone",
    "salt": "unspecified",
}
# Opioid with sequestered naltrexone: those codes stand in opioids.csv only, so that they never count as naltrexone.
OPIOID_WITH_NALTREXONE = "abuse-deterrent-opioid-combination"
# Bupropion alone is nothing to us; beside a naltrexone coding it makes the weight product.
NALTREXONE_CORRECTIONS = {(SNOMED, "387564004"): "bupropion"}
# Bupropion's RxNorm ingredient (rulebook b.1) seen as 42347 in public medication value sets.
NALTREXONE_ADDED = ((RXNORM, "42347", "bupropion", "bupropion"),)

# ---------------------------------------------------------------------------------------------------------------------
# Anticoagulants: for them INR is not scored in Child-Pugh (rulebook rule 14). Not in the tables.
# ---------------------------------------------------------------------------------------------------------------------

ANTICOAGULANTS = (
    # Ingredient codes seen with their names in public anticoagulant lists: warfarin, apixaban, rivaroxaban, dabigatran
    # etexilate. No RxNorm code of edoxaban or betrixaban could be confirmed: ATC and their names find them.
    (RXNORM, "11289", "warfarin", "warfarin"),
    (RXNORM, "1364430", "apixaban", "apixaban"),
    (RXNORM, "1114195", "rivaroxaban", "rivaroxaban"),
    (RXNORM, "1037042", "dabigatran etexilate", "dabigatran"),
    # ATC index, group B01A.
    (ATC, "B01AA03", "warfarin", "warfarin"),
    (ATC, "B01AA04", "phenprocoumon", "phenprocoumon"),
    (ATC, "B01AA07", "acenocoumarol", "acenocoumarol"),
    (ATC, "B01AE07", "dabigatran etexilate", "dabigatran"),
    (ATC, "B01AF01", "rivaroxaban", "rivaroxaban"),
    (ATC, "B01AF02", "apixaban", "apixaban"),
    (ATC, "B01AF03", "edoxaban", "edoxaban"),
    (ATC, "B01AF04", "betrixaban", "betrixaban"),
)

# ---------------------------------------------------------------------------------------------------------------------
# Words in medication text (rulebook b.1: whole words, case-folded, a deny list)
# ---------------------------------------------------------------------------------------------------------------------

# Neither naltrexone nor an opioid that counts. A denied word never counts itself; others in the same text still do.
DENIED_WORDS = (
    "alvimopan",
    "dextromethorphan",
    "difelikefalin",
    "difenoxin",
    "diphenoxylate",
    "eluxadoline",
    "entereg",
    "evzio",
    "imodium",
    "kapruvia",
    "kloxxado",
    "korsuva",
    "lomotil",
    "loperamide",
    "lybalvi",
    "methyl naltrexone",
    "methylnaltrexone",
    "motofen",
    "moventig",
    "movantik",
    "naldemedine",
    "nalmefene",
    "naloxegol",
    "naloxone",
    "naltrexone methobromide",
    "naltrexone methylbromide",
    "narcan",
    "noscapine",
    "pholcodine",
    "relistor",
    "rizmoic",
    "samidorphan",
    "symproic",
    "truberzi",
    "viberzi",
    "zimhi",
    # Antagonists named by their class.
    *(
        f"{name} {antagonist}"
        for name in ("narcotic", "opiate", "opioid")
        for antagonist in ("antagonist", "antagonists", "receptor antagonist", "receptor antagonists", "reversal")
    ),
    # Cough mixtures without an opioid whose name begins like one that holds an opioid.
    "ambenyl d",
    "cheratussin dm",
    "hytussin dm",
    "poly tussin dm",
    "protuss dm",
    "statuss dm",
    "tussar dm",
    "tussi organidin dm",
)

# Phrases that hold the name of an opioid, or of the class, and name no drug. They say nothing at all: whatever else
# the record says (another word of the text, a display) still counts.
NO_DRUG_WORDS = (
    *(
        phrase
        for name in ("narcotic", "narcotics", "opiate", "opiates", "opioid", "opioids")
        for phrase in (f"avoid {name}", f"no {name}", f"non {name}", f"non{name}", f"not {name}", f"without {name}")
    ),
    *(f"not {article} {name}" for name in ("narcotic", "opiate", "opioid") for article in ("a", "an")),
    *(
        f"{name} {rest}"
        for name in ("narcotic", "opiate", "opioid")
        for rest in (
            "agreement",
            "agreements",
            "alternative",
            "alternatives",
            "consent",
            "contract",
            "contracts",
            "disposal",
            "education",
            "free",
            "induced",
            "naive",
            "naïve",
            "pain agreement",
            "pain contract",
            "risk tool",
            "screen",
            "screening",
            "sparing",
            "test",
            "test strip",
            "test strips",
            "tests",
            "therapy agreement",
            "therapy contract",
            "treatment agreement",
            "treatment contract",
            "use agreement",
        )
    ),
    *(
        f"fentanyl {rest}"
        for rest in ("strip", "strips", "test", "test strip", "test strips", "testing strips", "tests")
    ),
)

# Words for naltrexone and its products. Embeda and Troxyca come with the opioids: they are opioid products.
NALTREXONE_WORDS = {
    "naltrexone": "unspecified",
    "ldn": "unspecified",
    "vivitrol": "er-injectable",
    "contrave": "nb-combo",
    "mysimba": "nb-combo",
    "adepend": "oral",
    "antaxone": "oral",
    "depade": "oral",
    "lotrexone": "oral",
    "naltrex": "oral",
    "nalorex": "oral",
    "nemexin": "oral",
    "revia": "oral",
}

CUE_WORDS = {
    "low-dose": ("ldn", "lotrexone", "low dose", "lowdose", "naltrex"),
    "bupropion": ("bupropion", "contrave", "mysimba"),
    "combination": ("acetaminophen", "acetylsalicylic acid", "apap", "asa", "aspirin", "ibuprofen", "paracetamol"),
    "extended": (
        "controlled release",
        "cr",
        "er",
        "extended",
        "la",
        "long acting",
        "modified release",
        "mr",
        "ms contin",
        "patch",
        "patches",
        "prolonged release",
        "retard",
        "sr",
        "sustained release",
        "transdermal",
        "xl",
        "xr",
    ),
    "immediate": ("immediate release", "ir", "instant release", "msir", "oxyir", "syrup"),
    "injection": (
        "ampoule",
        "ampul",
        "epidural",
        "im",
        "injectable",
        "injection",
        "intramuscular",
        "intrathecal",
        "intravenous",
        "iv",
        "syringe",
        "vial",
    ),
    "nasal": ("intranasal", "lazanda", "nasal"),
    "oral": (
        "cap",
        "caps",
        "capsule",
        "capsules",
        "lozenge",
        "lozenges",
        "oral",
        "orally",
        "po",
        "suspension",
        "tab",
        "tablet",
        "tablets",
        "tabs",
        "troche",
        "troches",
    ),
    "patch": ("patch", "patches", "transdermal"),
    "depot": ("depot", "implant", "implants", "monthly", "subcutaneous", "subdermal", "weekly"),
}

# Class words count only where no other drug is recognised.
CLASS_WORDS = ("narcotic", "narcotic analgesic", "narcotics", "opiate", "opiates", "opioid", "opioids")
# No code and no label interval (rulebook b.2: opioid, kind unknown). "7-OH" is what its strongest alkaloid is sold as.
KRATOM_WORDS = (
    "7 hydroxymitragynine",
    "7 oh",
    "7oh",
    "hydroxymitragynine",
    "ketum",
    "kratom",
    "mitragyna",
    "mitragynine",
)
# Buprenorphine that is released for weeks or months. An implant too: it releases for six months after insertion.
DEPOT_WORDS = ("brixadi", "buvidal", "probuphine", "sublocade")
# Fentanyl brands that are injections or nasal sprays, the two forms that the rulebook names short-acting.
SHORT_FENTANYL_WORDS = ("lazanda", "sublimaze")
# An opioid with sequestered naltrexone: never naltrexone, whatever code stands beside the name (rulebook b.1).
SEQUESTERED_WORDS = ("embeda", "troxyca")
# Names that the table writes beside a brand, or that are no word of their own.
NOT_A_BRAND = frozenset({"", "7 hydroxymitragynine", "7 oh", "b o", "dhc"})
# Other spellings prescribers use: everyday names, and the drug names of German, the Romance languages and Latin.
OPIOID_SPELLINGS = {
    "buprenorphine": ("buprenorfina", "buprenorphin", "buprenorphinum"),
    "codeine": (
        "codein",
        "codeina",
        "codeína",
        "codeinum",
        "codéine",
        "kodein",
        "tylenol 2",
        "tylenol 3",
        "tylenol 4",
        "tylenol no 3",
    ),
    "dihydrocodeine": ("dihidrocodeina", "dihidrocodeína", "dihydrocodein", "dihydrocodeinum", "drocode"),
    "fentanyl": ("fentanil", "fentanilo", "fentanylum"),
    "heroin": ("diacetylmorphine", "diamorphin", "diamorphine"),
    "hydrocodone": ("hidrocodona", "hydrocodon", "hydrocodonum"),
    "hydromorphone": ("hidromorfona", "hydromorphon", "hydromorphonum", "idromorfone"),
    "levomethadone": ("levomethadon",),
    "meperidine": ("pethidin", "pethidine", "petidina"),
    "methadone": ("metadona", "metadone", "methadon", "methadonum"),
    "morphine": ("morfin", "morfina", "morphin", "morphinum"),
    "oxycodone": ("ossicodone", "oxicodona", "oxycodon", "oxycodonum", "oxyir"),
    "oxymorphone": ("oxymorphon",),
    "pentazocine": ("pentazocin",),
    "piritramide": ("piritramid",),
    "tapentadol": ("tapentadolum",),
    "tilidine": ("tilidin", "tilidinum"),
    "tramadol": ("tramadolo", "tramadolum"),
}

# Brands that no product of the tables carries: (brand, ingredient, washout class of all its products).
BRANDS_ADDED = (
    ("butec", "buprenorphine", "two-week"),
    ("durogesic", "fentanyl", "long-acting"),
    ("instanyl", "fentanyl", "short-acting"),  # nasal spray
    ("kapake", "codeine", "short-acting"),
    ("longtec", "oxycodone", "long-acting"),
    ("norspan", "buprenorphine", "two-week"),
    ("pecfent", "fentanyl", "short-acting"),  # nasal spray
    ("paramol", "dihydrocodeine", "short-acting"),
    ("remedeine", "dihydrocodeine", "short-acting"),
    ("shortec", "oxycodone", "short-acting"),
    ("solpadeine", "codeine", "short-acting"),
    ("solpadol", "codeine", "short-acting"),
    ("targinact", "oxycodone", "long-acting"),
    ("tramacet", "tramadol", "short-acting"),
    ("transtec", "buprenorphine", "two-week"),
    ("zamadol 24 hr", "tramadol", "long-acting"),
    ("zamadol 24hr", "tramadol", "long-acting"),
    ("zapain", "codeine", "short-acting"),
)

# Brand names of the product table that are not taken as words: what they say by accident is likelier than the drug.
# The codes of these products stay in opioids.csv.
AMBIGUOUS_BRANDS = frozenset(
    {
        "allay",  # the verb
        "c tussin",  # "vitamin C, Tussin"
        "coldcough",  # any cold and cough remedy; with EXP, PD or XP it is the brand
        "hist plus",
        "m clear",  # "until 10 p.m. clear liquids"
        "m end",  # "5 p.m., end on Friday"
        "max hc",  # strength of hydrocortisone creams
        "protex",  # disinfectants and soaps
        "rid a pain",  # a rub without codeine; "with codeine" is found by that word
        "rms",  # the suppository is found by the word beside it (below)
        "rolatuss",  # "Plain" has no opioid; "with hydrocodone" is found by that word
        "vanacof",  # today's Vanacof has no opioid
        "vortex",  # an inhaler spacer
    }
)
# Their longer names, where these are safe.
BRANDS_SPELLED_OUT = (
    ("rms suppositories", "morphine", "short-acting"),
    ("rms suppository", "morphine", "short-acting"),
    ("rms uniserts", "morphine", "short-acting"),
)
# What RxNorm writes behind the name of a brand whose formula changed.
REFORMULATED = re.compile(r" (Reformulated \w+ \d{4}|Discontinued)$", re.IGNORECASE)
ANTICOAGULANT_WORDS = {
    "acenocoumarol": "acenocoumarol",
    "apixaban": "apixaban",
    "betrixaban": "betrixaban",
    "bevyxxa": "betrixaban",
    "coumadin": "warfarin",
    "dabigatran": "dabigatran",
    "edoxaban": "edoxaban",
    "eliquis": "apixaban",
    "jantoven": "warfarin",
    "lixiana": "edoxaban",
    "phenprocoumon": "phenprocoumon",
    "pradaxa": "dabigatran",
    "rivaroxaban": "rivaroxaban",
    "savaysa": "edoxaban",
    "warfarin": "warfarin",
    "xarelto": "rivaroxaban",
}

# ---------------------------------------------------------------------------------------------------------------------
# Conditions: table group -> our groups, then the corrections that the rulebook asks for
# ---------------------------------------------------------------------------------------------------------------------

CONDITION_GROUPS = {
    "acute-hepatitis": ("acute-liver-injury",),
    "alcohol-use-disorder": ("alcohol-use-disorder",),
    "alcohol-use-disorder-remission": ("alcohol-use-disorder-remission",),
    "cancer-pain": ("chronic-pain",),
    "chronic-hepatitis": ("chronic-hepatitis",),
    "chronic-liver-disease-other": ("liver-disease-other",),
    "chronic-pain": ("chronic-pain",),
    "cirrhosis-compensated-or-unspecified": ("cirrhosis",),
    "crohn": ("crohn", "ibd"),
    "crps": ("crps",),
    "diabetic-neuropathy": ("neuropathy",),
    "fibromyalgia": ("fibromyalgia",),
    "hepatitis-unspecified": ("liver-disease-other",),
    "multiple-sclerosis": ("multiple-sclerosis",),
    "neuropathic-pain-other": ("neuropathy",),
    "obesity": ("obesity",),
    "opioid-dependence": ("opioid-use-disorder",),
    "opioid-use-disorder-active": ("opioid-use-disorder",),
    "opioid-use-disorder-remission": ("opioid-use-disorder-remission",),
    "opioid-long-term-use": ("opioid-long-term-use",),
    "opioid-use-unspecified": ("opioid-use-unspecified",),
    "opioid-withdrawal": ("opioid-withdrawal",),
    "other-ldn-use": ("other-ldn-use",),
    "portal-hypertension": ("portal-hypertension",),
    "pregnancy": ("pregnancy",),
    "pregnancy-history": ("obstetric-other",),
    "pregnancy-planning": ("pregnancy-planning",),
    "pregnancy-possible": ("pregnancy-possible",),
    "pregnancy-test-negative": ("pregnancy-test-negative",),
    # Sorted further by the functions that `groups_of` names.
    "breastfeeding": (),
    "opioid-poisoning-or-adverse-effect": (),
    "pregnancy-ended": (),
    "cirrhosis-decompensated": (),
}

STANDALONE = ("decompensation", "decompensation-standalone")
ENCEPHALOPATHY = (*STANDALONE, "encephalopathy")
COMA = (*ENCEPHALOPATHY, "encephalopathy-coma")
FAILURE = ("decompensation", "liver-failure")
FAILURE_WITH_COMA = (*FAILURE, "encephalopathy", "encephalopathy-coma")
ACUTE_FAILURE = ("acute-liver-injury", "liver-failure")
ACUTE_COMA = ("acute-liver-injury", "encephalopathy", "encephalopathy-coma")
DECOMPENSATED = ("cirrhosis", "decompensated-cirrhosis", "decompensation")
ASCITES = ("ascites", "decompensation")

# Rows whose group in the tables differs from the rulebook, and rows that the rulebook names and the tables lack.
# (system, code, match): (display, our groups). No groups: the row is left out. The rulebook wins.
CONDITION_CORRECTIONS: dict[tuple[str, str, str], tuple[str, tuple[str, ...]]] = {
    # --- rule 9: pregnancy, its tests and its end -------------------------------------------------------------------
    (ICD10CM, "Z32.01", "exact"): (
        "Encounter for pregnancy test, result positive",
        ("pregnancy-test-positive",),  # a positive test, evidence (d), not a recorded pregnancy, evidence (a)
    ),
    (ICD10CM, "Z33.2", "exact"): (
        "Encounter for elective termination of pregnancy",
        ("pregnancy-ended-abortive",),  # end evidence although it is a Z33
    ),
    (ICD10CM, "Z31", "prefix"): ("Encounter for procreative management", ("pregnancy-planning",)),  # Not (10): all Z31
    (ICD10, "Z31", "prefix"): ("Procreative management", ("pregnancy-planning",)),
    (ICD10CM, "O60.1", "prefix"): ("Preterm labor with preterm delivery", ("pregnancy-ended-delivery",)),
    (ICD10CM, "O60.2", "prefix"): ("Term delivery with preterm labor", ("pregnancy-ended-delivery",)),
    (ICD10CM, "O71.0", "prefix"): ("Rupture of uterus (spontaneous) before onset of labor", ("obstetric-other",)),
    (ICD10, "O60", "prefix"): ("Preterm labour and delivery", ("pregnancy",)),  # O60.0 is labour without delivery
    (ICD10, "O60.3", "prefix"): ("Preterm delivery without spontaneous labour", ("pregnancy-ended-delivery",)),
    # The table reads "history" where pregnancy is established by history, or is at risk because of history.
    (SNOMED, "169563005", "exact"): ("Pregnant - on history (finding)", ("pregnancy",)),
    (SNOMED, "444661007", "exact"): (
        "High risk pregnancy due to history of preterm labor (finding)",
        ("pregnancy",),
    ),
    # A failed attempt leaves her pregnant or not: neither a recorded pregnancy nor its end.
    (ICD10CM, "O07", "prefix"): ("Failed attempted termination of pregnancy", ("pregnancy-possible",)),
    (ICD10, "O07", "prefix"): ("Failed attempted abortion", ("pregnancy-possible",)),
    (SNOMED, "60001007", "exact"): ("Not pregnant (finding)", ("not-pregnant",)),
    (SNOMED, "237036002", "exact"): ("Habitual aborter-not pregnant (finding)", ("not-pregnant",)),
    (SNOMED, "10761141000119107", "exact"): (
        "Preterm labor in second trimester with preterm delivery in second trimester (finding)",
        ("pregnancy-ended-delivery",),
    ),
    (SNOMED, "10761191000119104", "exact"): (
        "Preterm labor in third trimester with preterm delivery in third trimester (finding)",
        ("pregnancy-ended-delivery",),
    ),
    (SNOMED, "289677009", "exact"): ("Gravid uterus absent (finding)", ("obstetric-other",)),
    (SNOMED, "289678004", "exact"): ("Gravid uterus not observed (finding)", ("obstetric-other",)),
    (SNOMED, "21737000", "exact"): ("Retained fetal tissue (disorder)", ("obstetric-other",)),
    (SNOMED, "424009001", "exact"): ("Fears delivery procedure (finding)", ("obstetric-other",)),
    # --- family history (b.1: never counts) -------------------------------------------------------------------------
    **{
        (ICD10CM, code, "prefix"): (display, ("family-history",))
        for code, display in (
            ("Z80", "Family history of primary malignant neoplasm"),
            ("Z81", "Family history of mental and behavioral disorders"),
            ("Z82", "Family history of certain disabilities and chronic diseases (leading to disablement)"),
            ("Z83", "Family history of other specific disorders"),
            ("Z84", "Family history of other conditions"),
        )
    },
    # --- rules 14 and 15: cirrhosis ---------------------------------------------------------------------------------
    (ICD10CM, "K70.31", "exact"): ("Alcoholic cirrhosis of liver with ascites", (*DECOMPENSATED, "ascites")),
    (ICD10CM, "K74.6", "prefix"): ("Other and unspecified cirrhosis of liver", ("cirrhosis",)),
    (SNOMED, "716203000", "exact"): ("Decompensated cirrhosis of liver (disorder)", DECOMPENSATED),
    (SNOMED, "1082601000119104", "exact"): ("Ascites due to alcoholic cirrhosis", (*DECOMPENSATED, "ascites")),
    (SNOMED, "308129003", "exact"): (
        "Esophageal varices in cirrhosis of the liver (disorder)",
        ("cirrhosis", "portal-hypertension"),  # varices without bleeding do not decompensate, near-miss (4)
    ),
    (SNOMED, "309783001", "exact"): (
        "Esophageal varices in alcoholic cirrhosis of the liver",
        ("cirrhosis", "portal-hypertension"),
    ),
    (SNOMED, "715401008", "exact"): (
        "Primary biliary cirrhosis co-occurrent with systemic scleroderma (disorder)",
        ("primary-biliary-cholangitis",),
    ),
    (SNOMED, "31712002", "exact"): ("Primary biliary cholangitis (disorder)", ("primary-biliary-cholangitis",)),
    (ICD10CM, "K74.3", "exact"): ("Primary biliary cirrhosis", ("primary-biliary-cholangitis",)),
    (ICD10, "K74.3", "prefix"): ("Primary biliary cirrhosis", ("primary-biliary-cholangitis",)),
    (ICD10CM, "Z94.4", "exact"): ("Liver transplant status", ("liver-transplant",)),
    (ICD10, "Z94.4", "prefix"): ("Liver transplant status", ("liver-transplant",)),
    # Seen with this name in two public registries' value sets.
    (SNOMED, "737297006", "exact"): ("Transplanted liver present (finding)", ("liver-transplant",)),
    # Sufficient without a cirrhosis code.
    (ICD10CM, "K76.82", "exact"): ("Hepatic encephalopathy", ENCEPHALOPATHY),
    (ICD10CM, "K76.7", "exact"): ("Hepatorenal syndrome", STANDALONE),
    (ICD10, "K76.7", "prefix"): ("Hepatorenal syndrome", STANDALONE),
    # Named by the rulebook, not in the tables; seen with this name in public FHIR examples and value sets.
    (SNOMED, "708248004", "exact"): ("End stage liver disease (disorder)", STANDALONE),
    (SNOMED, "13920009", "exact"): ("Hepatic encephalopathy (disorder)", ENCEPHALOPATHY),
    (SNOMED, "232534061000119102", "exact"): ("Delirium due to hepatic encephalopathy (disorder)", ENCEPHALOPATHY),
    (SNOMED, "51292008", "exact"): ("Hepatorenal syndrome (disorder)", STANDALONE),
    (SNOMED, "72836002", "exact"): ("Hepatic coma", COMA),
    (SNOMED, "1082621000119108", "exact"): (
        "Hepatic coma due to alcoholic liver failure",
        (*COMA, "liver-failure"),
    ),
    (SNOMED, "1085091000119108", "exact"): ("Hepatic coma due to chronic hepatic failure", (*COMA, "liver-failure")),
    (SNOMED, "146371000119104", "exact"): ("Hepatic coma due to chronic hepatitis C (disorder)", COMA),
    (SNOMED, "153091000119109", "exact"): (
        "Hepatic coma due to chronic hepatitis B with delta agent (disorder)",
        COMA,
    ),
    (SNOMED, "424340000", "exact"): ("Hepatic coma due to chronic hepatitis B (disorder)", COMA),
    (SNOMED, "435101000124104", "exact"): ("Chronic viral hepatitis C with hepatic coma (disorder)", COMA),
    # A recorded class, where it stands on the problem list (names as in OBSERVATIONS_ADDED).
    **{
        (SNOMED, code, "exact"): (f"Child-Pugh score class {letter.upper()} (finding)", (f"child-pugh-{letter}",))
        for code, letter in (("710065009", "a"), ("710066005", "b"), ("710067001", "c"))
    },
    # Hepatorenal syndrome after surgery or as a complication of care is not the hepatorenal syndrome of rule 14.
    (SNOMED, "213231008", "exact"): ("", ()),
    (SNOMED, "31005002", "exact"): ("", ()),
    # Decompensation that needs a cirrhosis code beside it.
    (ICD10CM, "R18.8", "exact"): ("Other ascites", ASCITES),
    (ICD10, "R18", "prefix"): ("Ascites", ASCITES),
    (SNOMED, "389026000", "exact"): ("Ascites (disorder)", ASCITES),
    (SNOMED, "236004002", "exact"): ("Hepatic ascites", ASCITES),
    (SNOMED, "1085021000119106", "exact"): ("Hepatic ascites due to chronic alcoholic hepatitis", ASCITES),
    (SNOMED, "1082611000119101", "exact"): (
        "Ascites due to alcoholic hepatitis",
        ("acute-liver-injury", *ASCITES),  # K70.11 in SNOMED's words
    ),
    (ICD10CM, "K70.11", "exact"): ("Alcoholic hepatitis with ascites", ("acute-liver-injury", *ASCITES)),
    (ICD10CM, "K71.51", "exact"): (
        "Toxic liver disease with chronic active hepatitis with ascites",
        ("chronic-hepatitis", *ASCITES),
    ),
    (ICD10CM, "K65.2", "exact"): ("Spontaneous bacterial peritonitis", ("decompensation",)),
    # Liver failure: with cirrhosis rule 14, without it rule 16. K72.0* is acute and belongs to rule 16 alone.
    (ICD10CM, "K72", "prefix"): ("", ()),
    (ICD10, "K72", "prefix"): ("", ()),
    (ICD10CM, "K72.0", "prefix"): ("Acute and subacute hepatic failure", ACUTE_FAILURE),
    (ICD10, "K72.0", "prefix"): ("Acute and subacute hepatic failure", ACUTE_FAILURE),
    (ICD10CM, "K72.01", "exact"): (
        "Acute and subacute hepatic failure with coma",
        (*ACUTE_FAILURE, "encephalopathy", "encephalopathy-coma"),
    ),
    (ICD10CM, "K72.1", "prefix"): ("Chronic hepatic failure", FAILURE),
    (ICD10, "K72.1", "prefix"): ("Chronic hepatic failure", FAILURE),
    (ICD10CM, "K72.11", "exact"): ("Chronic hepatic failure with coma", FAILURE_WITH_COMA),
    (ICD10CM, "K72.9", "prefix"): ("Hepatic failure, unspecified", FAILURE),
    (ICD10, "K72.9", "prefix"): ("Hepatic failure, unspecified", FAILURE),
    (ICD10CM, "K72.91", "exact"): ("Hepatic failure, unspecified with coma", FAILURE_WITH_COMA),
    (ICD10CM, "K70.4", "prefix"): ("Alcoholic hepatic failure", FAILURE),
    (ICD10, "K70.4", "prefix"): ("Alcoholic hepatic failure", FAILURE),
    (ICD10CM, "K70.41", "exact"): ("Alcoholic hepatic failure with coma", FAILURE_WITH_COMA),
    # Not in rule 14's list: hepatopulmonary syndrome.
    (ICD10CM, "K76.81", "exact"): ("", ()),
    # --- rule 16: acute liver injury (its list wins over the table's group) -------------------------------------------
    **{
        (system, code, "prefix"): (display, groups)
        for system in (ICD10CM, ICD10)
        for code, display, groups in (
            ("B15", "Acute hepatitis A", ("acute-liver-injury",)),
            ("B15.0", "Hepatitis A with hepatic coma", ACUTE_COMA),
            ("B16", "Acute hepatitis B", ("acute-liver-injury",)),
            ("B16.0", "Acute hepatitis B with delta-agent with hepatic coma", ACUTE_COMA),
            ("B16.2", "Acute hepatitis B without delta-agent with hepatic coma", ACUTE_COMA),
            ("B17", "Other acute viral hepatitis", ("acute-liver-injury",)),
            ("K70.1", "Alcoholic hepatitis", ("acute-liver-injury",)),
            ("K71.1", "Toxic liver disease with hepatic necrosis", ACUTE_FAILURE),
            ("K71.2", "Toxic liver disease with acute hepatitis", ("acute-liver-injury",)),
            ("K71.6", "Toxic liver disease with hepatitis, not elsewhere classified", ("acute-liver-injury",)),
        )
    },
    (ICD10CM, "B17.11", "exact"): ("Acute hepatitis C with hepatic coma", ACUTE_COMA),
    # Viral hepatitis whose course is not stated, with coma: liver failure in plain words.
    (ICD10CM, "B19.0", "exact"): (
        "Unspecified viral hepatitis with hepatic coma",
        FAILURE_WITH_COMA,
    ),
    (ICD10, "B19.0", "prefix"): ("Unspecified viral hepatitis with hepatic coma", FAILURE_WITH_COMA),
    (ICD10CM, "B19.11", "exact"): ("Unspecified viral hepatitis B with hepatic coma", FAILURE_WITH_COMA),
    (ICD10CM, "B19.21", "exact"): ("Unspecified viral hepatitis C with hepatic coma", FAILURE_WITH_COMA),
    # Named by no line of rule 16: hepatitis as a part of another infection.
    (ICD10CM, "B00.81", "exact"): ("Herpesviral hepatitis", ("liver-disease-other",)),
    (ICD10CM, "B25.1", "exact"): ("Cytomegaloviral hepatitis", ("liver-disease-other",)),
    (ICD10CM, "B26.81", "exact"): ("Mumps hepatitis", ("liver-disease-other",)),
    (ICD10CM, "B58.1", "exact"): ("Toxoplasma hepatitis", ("liver-disease-other",)),
    # Immune or tested is not ill; B without coma does not say acute (near-miss 5: the stable carrier).
    (SNOMED, "278971009", "exact"): ("", ()),
    (SNOMED, "165997004", "exact"): ("", ()),
    (SNOMED, "111891008", "exact"): (
        "Viral hepatitis B without hepatic coma (disorder)",
        ("liver-disease-other",),
    ),
    # K70.1, K71.6 and B15 in SNOMED's words.
    (SNOMED, "235875008", "exact"): ("Alcoholic hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "197352008", "exact"): ("Toxic hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "235876009", "exact"): ("Drug-induced hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "40468003", "exact"): ("Viral hepatitis, type A (disorder)", ("acute-liver-injury",)),
    (SNOMED, "43634002", "exact"): ("Relapsing type A viral hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "79031007", "exact"): ("Anicteric type A viral hepatitis (disorder)", ("acute-liver-injury",)),
    # Tests and contacts, not diseases.
    (SNOMED, "18418004", "exact"): ("", ()),
    (SNOMED, "271511000", "exact"): ("", ()),
    (SNOMED, "281638009", "exact"): ("", ()),
    (SNOMED, "62216007", "exact"): ("", ()),  # a congenital syndrome
    # --- rule 40 and the addiction set --------------------------------------------------------------------------------
    (SNOMED, "1264554000", "exact"): (
        "Signs of opioid withdrawal on naloxone challenge test (finding)",
        ("naloxone-challenge-failed",),
    ),
    (ICD10CM, "F11.13", "exact"): ("Opioid abuse with withdrawal", ("opioid-use-disorder", "opioid-withdrawal")),
    (ICD10CM, "F11.23", "exact"): (
        "Opioid dependence with withdrawal",
        ("opioid-use-disorder", "opioid-withdrawal"),
    ),
    # "Alcohol use, unspecified" is no use disorder; the set is F10.1 and F10.2.
    **{
        (ICD10CM, code, match): ("", ())
        for code, match in (
            ("F10.90", "exact"),
            ("F10.91", "exact"),
            ("F10.92", "prefix"),
            ("F10.93", "prefix"),
            ("F10.94", "exact"),
            ("F10.95", "prefix"),
            ("F10.96", "exact"),
            ("F10.97", "exact"),
            ("F10.98", "prefix"),
            ("F10.99", "exact"),
        )
    },
    (SNOMED, "1081000119105", "exact"): (
        "Opioid dependence, on agonist therapy (disorder)",
        ("opioid-agonist-therapy", "opioid-use-disorder"),  # rule 5
    ),
    # Poisoning by an opioid, but neither its adverse effect at a proper dose nor underdosing (rule 6).
    **{
        (ICD10CM, f"{code}{intent}", "prefix"): (f"Poisoning by {drug}, {meant}", ("opioid-poisoning",))
        for code, drug in (
            ("T40.0X", "opium"),
            ("T40.1X", "heroin"),
            ("T40.2X", "other opioids"),
            ("T40.3X", "methadone"),
            ("T40.41", "fentanyl or fentanyl analogs"),
            ("T40.42", "tramadol"),
            ("T40.49", "other synthetic narcotics"),
            ("T40.60", "unspecified narcotics"),
            ("T40.69", "other narcotics"),
        )
        for intent, meant in (
            ("1", "accidental (unintentional)"),
            ("2", "intentional self-harm"),
            ("3", "assault"),
            ("4", "undetermined"),
        )
    },
    # --- rules 10 and 11: conception is unlikely or excluded ----------------------------------------------------------
    **{
        (system, code, "exact"): (display, ("conception-unlikely", "uterus-absent"))
        for system, code, display in (
            (ICD10CM, "Z90.710", "Acquired absence of both cervix and uterus"),
            (ICD10CM, "Z90.711", "Acquired absence of uterus with remaining cervical stump"),
            (ICD10CM, "Q51.0", "Agenesis and aplasia of uterus"),
            # Seen with this name in a public surgical phenotype list.
            (SNOMED, "161800001", "History of hysterectomy (situation)"),
        )
    },
    **{
        (system, code, "exact"): (display, ("conception-unlikely",))
        for system, code, display in (
            (ICD10CM, "Z98.51", "Tubal ligation status"),
            (ICD10CM, "Z30.2", "Encounter for sterilization"),
            (ICD10CM, "Z78.0", "Asymptomatic menopausal state"),
            (ICD10CM, "N95.0", "Postmenopausal bleeding"),
            (ICD10CM, "N95.2", "Postmenopausal atrophic vaginitis"),
            (ICD10CM, "Z97.5", "Presence of (intrauterine) contraceptive device"),
            (ICD10CM, "Z30.430", "Encounter for insertion of intrauterine contraceptive device"),
            (ICD10CM, "Z30.431", "Encounter for routine checking of intrauterine contraceptive device"),
            (ICD10CM, "Z30.433", "Encounter for removal and reinsertion of intrauterine contraceptive device"),
            (ICD10CM, "Z30.017", "Encounter for initial prescription of implantable subdermal contraceptive"),
            (ICD10CM, "Z30.46", "Encounter for surveillance of implantable subdermal contraceptive"),
            # Seen with this name in several national profiles.
            (SNOMED, "76498008", "Postmenopausal state (finding)"),
        )
    },
    # --- rules 32 and 33: what naltrexone does to some, and what an allergy does --------------------------------------
    **{
        (system, code, match): (display, ("naltrexone-effect",))
        for system, code, match, display in (
            (ICD10CM, "F51.0", "prefix", "Insomnia not due to a substance or known physiological condition"),
            (ICD10CM, "F51.5", "exact", "Nightmare disorder"),
            (ICD10CM, "G47.0", "prefix", "Insomnia"),
            (ICD10CM, "R00.0", "exact", "Tachycardia, unspecified"),
            (ICD10CM, "R11.0", "exact", "Nausea"),
            (ICD10CM, "R40.0", "exact", "Somnolence"),
            (ICD10CM, "R42", "exact", "Dizziness and giddiness"),
            (ICD10CM, "R51", "prefix", "Headache"),
            # Seen with these names in public symptom lists.
            (SNOMED, "193462001", "exact", "Insomnia (disorder)"),
            (SNOMED, "25064002", "exact", "Headache (finding)"),
            (SNOMED, "271782001", "exact", "Drowsy (finding)"),
            (SNOMED, "3424008", "exact", "Tachycardia (finding)"),
            (SNOMED, "404640003", "exact", "Dizziness (finding)"),
            (SNOMED, "422587007", "exact", "Nausea (finding)"),
        )
    },
    **{
        (system, code, match): (display, ("severe-reaction",))
        for system, code, match, display in (
            (ICD10CM, "T78.2", "prefix", "Anaphylactic shock, unspecified"),
            (ICD10CM, "T78.3", "prefix", "Angioneurotic edema"),
            (
                ICD10CM,
                "T88.6",
                "prefix",
                "Anaphylactic reaction due to adverse effect of correct drug or medicament properly administered",
            ),
            (SNOMED, "39579001", "exact", "Anaphylaxis (disorder)"),
            (SNOMED, "41291007", "exact", "Angioedema (disorder)"),
        )
    },
    # Questionnaires and therapies, not diagnoses.
    (SNOMED, "183388004", "exact"): ("", ()),
    (SNOMED, "273264006", "exact"): ("", ()),
    (SNOMED, "273265007", "exact"): ("", ()),
    (SNOMED, "273554001", "exact"): ("", ()),
    (SNOMED, "273639003", "exact"): ("", ()),
    (SNOMED, "273802002", "exact"): ("", ()),
    (SNOMED, "414916001", "exact"): ("Obesity (disorder)", ("obesity",)),
    (ICD10, "E66", "prefix"): ("Obesity", ("obesity",)),
    # A body mass index of 27 or more, as it is coded for adults (rule 27, near-miss 3).
    **{
        (ICD10CM, code, match): (f"Body mass index [BMI] {words}, adult", ("bmi-27-or-more",))
        for code, match, words in (
            ("Z68.27", "exact", "27.0-27.9"),
            ("Z68.28", "exact", "28.0-28.9"),
            ("Z68.29", "exact", "29.0-29.9"),
            ("Z68.3", "prefix", "30-39"),
            ("Z68.4", "prefix", "40 or greater"),
        )
    },
    # --- rule 27: labelled contraindications of bupropion -----------------------------------------------------------
    (ICD10CM, "G40", "prefix"): ("Epilepsy and recurrent seizures", ("seizure-disorder",)),
    (ICD10, "G40", "prefix"): ("Epilepsy", ("seizure-disorder",)),
    (SNOMED, "84757009", "exact"): ("Epilepsy (disorder)", ("seizure-disorder",)),
    (SNOMED, "128613002", "exact"): ("Seizure disorder (disorder)", ("seizure-disorder",)),
    (ICD10CM, "F50.2", "prefix"): ("Bulimia nervosa", ("bulimia",)),
    (ICD10, "F50.2", "prefix"): ("Bulimia nervosa", ("bulimia",)),
    (SNOMED, "78004001", "exact"): ("Bulimia nervosa (disorder)", ("bulimia",)),
    # --- the LDN-indication set (b.1): G89.* as written, IBD includes ulcerative colitis, every neuropathy ---------
    (ICD10CM, "G89", "prefix"): ("Pain, not elsewhere classified", ("chronic-pain",)),
    (ICD10CM, "K51", "prefix"): ("Ulcerative colitis", ("ibd",)),
    (ICD10, "K51", "prefix"): ("Ulcerative colitis", ("ibd",)),
    (ICD10CM, "K52.3", "exact"): ("Indeterminate colitis", ("ibd",)),
    (SNOMED, "24526004", "exact"): ("Inflammatory bowel disease (disorder)", ("ibd",)),
    (SNOMED, "386033004", "exact"): ("Neuropathy (disorder)", ("neuropathy",)),
    (ICD10CM, "B02.2", "prefix"): ("Zoster with other nervous system involvement", ("neuropathy",)),
    (ICD10CM, "G58", "prefix"): ("Other mononeuropathies", ("neuropathy",)),
    (ICD10CM, "G60", "prefix"): ("Hereditary and idiopathic neuropathy", ("neuropathy",)),
    (ICD10CM, "G62", "prefix"): ("Other and unspecified polyneuropathies", ("neuropathy",)),
    (ICD10, "G50.0", "prefix"): ("Trigeminal neuralgia", ("neuropathy",)),
    (ICD10, "G53.0", "prefix"): ("Postzoster neuralgia", ("neuropathy",)),
    (ICD10, "G58", "prefix"): ("Other mononeuropathies", ("neuropathy",)),
    (ICD10, "G60", "prefix"): ("Hereditary and idiopathic neuropathy", ("neuropathy",)),
    (ICD10, "G62", "prefix"): ("Other polyneuropathies", ("neuropathy",)),
    (ICD10, "M79.2", "prefix"): ("Neuralgia and neuritis, unspecified", ("neuropathy",)),
}
# A zoster encephalitis or ganglionitis is not a neuropathy; B02.2 above is for the neuralgias, these are its others.
CONDITION_CORRECTIONS[(ICD10CM, "B02.21", "exact")] = ("Postherpetic geniculate ganglionitis", ("neuropathy",))

# SNOMED rows that the table sorted by words are sorted once more, by these.
# Counts of pregnancies (gravida 3) outlive the pregnancy: no evidence of one now.
COUNTED_PREGNANCIES = re.compile(r"^(finding of gravida|gravida (\d+|more than \d+)|primigravida|multigravida) \(")
HISTORY = re.compile(r"\bprevious induced|\bnumber of previous|\bat risk of|^recurrent miscarriage|^habitual aborter")
FAILED_ATTEMPT = re.compile(r"^failed (attempted )?(medical )?(abortion|termination)")
BORN = re.compile(r"\b(delivered|deliver(y|ies)|childbirth|birth|born|liveborn|newborn|stillb\w+)\b")
NOT_BORN_YET = re.compile(
    r"not delivered|\bfailed\b|\bonset\b|\bbefore\b|\btrial\b|\bfinding of\b|not adequate|\bplanned\b|\brate of\b"
    r"|^delivery finding|\bbook(ed|ing)\b|^indication for|\bcondition affecting\b"
)
DELIVERED = re.compile(r"- delivered\b")
AFTER_BIRTH = re.compile(
    r"postnatal|post-? ?natal|postpartum|puerper|after delivery|following (labor and |normal |obstetric )?delivery"
)
ULCERATIVE_COLITIS = re.compile(r"ulcerative colitis")
# She breastfeeds, said plainly; disorders of the breast and how well it goes do not say that she still does.
BREASTFEEDS = re.compile(r"\b(maternal (exclusive )?|currently |partial maternal )breast-?feeding|\blactating mother\b")

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

# ---------------------------------------------------------------------------------------------------------------------
# Observations (rulebook b.5)
# ---------------------------------------------------------------------------------------------------------------------

OBSERVATION_GROUPS = frozenset(
    {
        "ALT",
        "AST",
        "ESR",
        "INR",
        "albumin",
        "bilirubin-total",
        "breastfeeding-status",
        "estimated-delivery-date",
        "fibromyalgia-impact",
        "hCG-qualitative",
        "hCG-quantitative",
        "pain-score",
        "panel-CMP",
        "panel-hepatic",
        "pregnancy-status",
    }
)
OBSERVATION_GROUP_PREFIX = "urine-drug-screen-"

OBSERVATIONS_ADDED = (
    # Named by the rulebook; this display stands in the FHIR diagnostic request value set (DSTU2 to STU3).
    (LOINC, "24325-3", "Hepatic function 2000 panel - Serum or Plasma", "panel-hepatic", "observation", ""),
    # Asked for by b.5; tells muscle from liver (rule 16, near-miss 6).
    (
        LOINC,
        "2157-6",
        "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma",
        "creatine-kinase",
        "observation",
        "U/L",
    ),
    # Weight for height, where it comes along (rule 27, near-miss 3).
    (LOINC, "39156-5", "Body mass index (BMI) [Ratio]", "body-mass-index", "observation", "kg/m2"),
    # Child-Pugh as recorded: seen with these names in two independent public projects.
    (SNOMED, "3191000175106", "Child-Pugh score (assessment scale)", "child-pugh-score", "observation", "{score}"),
    (SNOMED, "710065009", "Child-Pugh score class A (finding)", "child-pugh-a", "answer", ""),
    (SNOMED, "710066005", "Child-Pugh score class B (finding)", "child-pugh-b", "answer", ""),
    (SNOMED, "710067001", "Child-Pugh score class C (finding)", "child-pugh-c", "answer", ""),
    # Whether she breastfeeds (rule 13): seen with this name as a code and as a value in public profiles.
    *(
        (SNOMED, "413712001", "Breastfeeding (mother) (observable entity)", group, kind, "")
        for group, kind in (("breastfeeding-status", "observation"), ("breastfeeding", "answer"))
    ),
    # A failed naloxone challenge (rule 40), as an answer and as the finding itself.
    *(
        (
            SNOMED,
            "1264554000",
            "Signs of opioid withdrawal on naloxone challenge test (finding)",
            "naloxone-challenge-failed",
            kind,
            "",
        )
        for kind in ("answer", "observation")
    ),
)

# Exact text, case-folded, punctuation ignored: (text, group, kind). Only where no code is known.
OBSERVATION_WORDS = (
    ("alanine aminotransferase", "ALT", "observation"),
    ("alt", "ALT", "observation"),
    ("alt sgpt", "ALT", "observation"),
    ("sgpt", "ALT", "observation"),
    ("aspartate aminotransferase", "AST", "observation"),
    ("ast", "AST", "observation"),
    ("ast sgot", "AST", "observation"),
    ("sgot", "AST", "observation"),
    ("bilirubin total", "bilirubin-total", "observation"),
    ("total bilirubin", "bilirubin-total", "observation"),
    ("albumin", "albumin", "observation"),
    ("serum albumin", "albumin", "observation"),
    ("inr", "INR", "observation"),
    ("international normalized ratio", "INR", "observation"),
    ("bmi", "body-mass-index", "observation"),
    ("body mass index", "body-mass-index", "observation"),
    ("child pugh class", "child-pugh-class", "observation"),
    ("child pugh classification", "child-pugh-class", "observation"),
    ("child pugh score", "child-pugh-score", "observation"),
    ("child pugh score class", "child-pugh-class", "observation"),
    ("naloxone challenge", "naloxone-challenge", "observation"),
    ("naloxone challenge result", "naloxone-challenge", "observation"),
    ("naloxone challenge test", "naloxone-challenge", "observation"),
    ("naloxone challenge test result", "naloxone-challenge", "observation"),
    ("pregnancy status", "pregnancy-status", "observation"),
    ("breastfeeding status", "breastfeeding-status", "observation"),
    # No LOINC code of the revised fibromyalgia impact questionnaire could be confirmed: its names are matched.
    ("fiqr", "fibromyalgia-impact", "observation"),
    ("fiqr total score", "fibromyalgia-impact", "observation"),
    ("fibromyalgia impact questionnaire", "fibromyalgia-impact", "observation"),
    ("revised fibromyalgia impact questionnaire", "fibromyalgia-impact", "observation"),
    ("global impression of change", "global-impression", "observation"),
    ("patient global impression of change", "global-impression", "observation"),
    ("pgic", "global-impression", "observation"),
    ("pain score", "pain-score", "observation"),
    ("pain severity", "pain-score", "observation"),
    ("opiates urine screen", "urine-drug-screen-opiates", "observation"),
    ("urine opiate screen", "urine-drug-screen-opiates", "observation"),
    ("urine opioid screen", "urine-drug-screen-opiates", "observation"),
    ("fentanyl urine screen", "urine-drug-screen-fentanyl", "observation"),
    ("urine fentanyl screen", "urine-drug-screen-fentanyl", "observation"),
    ("methadone urine screen", "urine-drug-screen-methadone", "observation"),
    ("urine methadone screen", "urine-drug-screen-methadone", "observation"),
    ("buprenorphine urine screen", "urine-drug-screen-buprenorphine", "observation"),
    ("urine buprenorphine screen", "urine-drug-screen-buprenorphine", "observation"),
    ("oxycodone urine screen", "urine-drug-screen-oxycodone", "observation"),
    ("urine oxycodone screen", "urine-drug-screen-oxycodone", "observation"),
    ("a", "child-pugh-a", "answer"),
    ("child pugh a", "child-pugh-a", "answer"),
    ("child pugh class a", "child-pugh-a", "answer"),
    ("child pugh score class a", "child-pugh-a", "answer"),
    ("class a", "child-pugh-a", "answer"),
    ("b", "child-pugh-b", "answer"),
    ("child pugh b", "child-pugh-b", "answer"),
    ("child pugh class b", "child-pugh-b", "answer"),
    ("child pugh score class b", "child-pugh-b", "answer"),
    ("class b", "child-pugh-b", "answer"),
    ("c", "child-pugh-c", "answer"),
    ("child pugh c", "child-pugh-c", "answer"),
    ("child pugh class c", "child-pugh-c", "answer"),
    ("child pugh score class c", "child-pugh-c", "answer"),
    ("class c", "child-pugh-c", "answer"),
    ("breastfeeding", "breastfeeding", "answer"),
    ("currently breastfeeding", "breastfeeding", "answer"),
    ("detected", "positive", "answer"),
    ("pos", "positive", "answer"),
    ("positive", "positive", "answer"),
    ("present", "positive", "answer"),
    ("presumptive positive", "positive", "answer"),
    ("reactive", "positive", "answer"),
    ("faint positive", "positive", "answer"),
    ("faintly positive", "positive", "answer"),
    ("low positive", "positive", "answer"),
    ("positive faint", "positive", "answer"),
    ("positive low", "positive", "answer"),
    ("positive trace", "positive", "answer"),
    ("positive weak", "positive", "answer"),
    ("strongly positive", "positive", "answer"),
    ("trace positive", "positive", "answer"),
    ("weak positive", "positive", "answer"),
    ("weak reactive", "positive", "answer"),
    ("weakly positive", "positive", "answer"),
    ("weakly reactive", "positive", "answer"),
    # Plus signs, which are read as words: "+", "(+)", "+++", "2+" (and "+/-" as "plus minus", below).
    ("plus", "positive", "answer"),
    ("plus plus", "positive", "answer"),
    ("plus plus plus", "positive", "answer"),
    ("plus plus plus plus", "positive", "answer"),
    ("1 plus", "positive", "answer"),
    ("2 plus", "positive", "answer"),
    ("3 plus", "positive", "answer"),
    ("4 plus", "positive", "answer"),
    ("plus 1", "positive", "answer"),
    ("plus 2", "positive", "answer"),
    ("plus 3", "positive", "answer"),
    ("plus 4", "positive", "answer"),
    ("pos plus", "positive", "answer"),
    ("positive plus", "positive", "answer"),
    ("absent", "negative", "answer"),
    ("neg", "negative", "answer"),
    ("negative", "negative", "answer"),
    ("non reactive", "negative", "answer"),
    ("none detected", "negative", "answer"),
    ("nonreactive", "negative", "answer"),
    ("not detected", "negative", "answer"),
    ("borderline", "indeterminate", "answer"),
    ("borderline positive", "indeterminate", "answer"),
    ("plus minus", "indeterminate", "answer"),
    ("equivocal", "indeterminate", "answer"),
    ("inconclusive", "indeterminate", "answer"),
    ("indeterminate", "indeterminate", "answer"),
    ("invalid", "indeterminate", "answer"),
    ("currently pregnant", "pregnant", "answer"),
    ("pregnant", "pregnant", "answer"),
    ("not currently pregnant", "not-pregnant", "answer"),
    ("not pregnant", "not-pregnant", "answer"),
    ("possible pregnancy", "possible-pregnancy", "answer"),
    ("possibly pregnant", "possible-pregnancy", "answer"),
    ("pregnancy not yet confirmed", "possible-pregnancy", "answer"),
    ("not breastfeeding", "not-breastfeeding", "answer"),
    ("not currently breastfeeding", "not-breastfeeding", "answer"),
    ("stopped breastfeeding", "not-breastfeeding", "answer"),
    ("improved", "improved", "answer"),
    ("much better", "improved", "answer"),
    ("much improved", "improved", "answer"),
    ("very much better", "improved", "answer"),
    ("very much improved", "improved", "answer"),
    ("not known", "unknown", "answer"),
    ("unknown", "unknown", "answer"),
    ("fail", "naloxone-challenge-failed", "answer"),
    ("failed", "naloxone-challenge-failed", "answer"),
    ("signs of opioid withdrawal", "naloxone-challenge-failed", "answer"),
    ("signs of withdrawal", "naloxone-challenge-failed", "answer"),
    ("withdrawal", "naloxone-challenge-failed", "answer"),
    ("no signs of opioid withdrawal", "negative", "answer"),
    ("no signs of withdrawal", "negative", "answer"),
    ("no withdrawal", "negative", "answer"),
    ("pass", "negative", "answer"),
    ("passed", "negative", "answer"),
)

# ---------------------------------------------------------------------------------------------------------------------
# Routes of administration
# ---------------------------------------------------------------------------------------------------------------------

# Not in the tables. SNOMED CT: code and name as in the published value set of routes that FHIR names (descendants of
# 284009009). HL7 v3: the code system RouteOfAdministration. Routes of no group (topical, by tube) are left out.
ROUTES = (
    (SNOMED, "78421000", "Intramuscular route", "intramuscular"),
    (SNOMED, "47625008", "Intravenous route", "intravenous"),
    (SNOMED, "418114005", "Intravenous central route", "intravenous"),
    (SNOMED, "419993007", "Intravenous peripheral route", "intravenous"),
    (SNOMED, "34206005", "Subcutaneous route", "subcutaneous"),
    (SNOMED, "46713006", "Nasal route", "nasal"),
    (SNOMED, "45890007", "Transdermal route", "transdermal"),
    (SNOMED, "26643006", "Oral route", "oral"),
    (SNOMED, "37839007", "Sublingual route", "sublingual-buccal"),
    (SNOMED, "54471007", "Buccal route", "sublingual-buccal"),
    (SNOMED, "372473007", "Oromucosal route", "sublingual-buccal"),
    (SNOMED, "404820008", "Epidural route", "epidural-intrathecal"),
    (SNOMED, "447080003", "Peridural route", "epidural-intrathecal"),
    (SNOMED, "72607000", "Intrathecal route", "epidural-intrathecal"),
    (SNOMED, "418418000", "Intraspinal route", "epidural-intrathecal"),
    (SNOMED, "417070009", "Caudal route", "epidural-intrathecal"),
    (SNOMED, "37161004", "Rectal route", "rectal"),
    (ROUTE, "IM", "Injection, intramuscular", "intramuscular"),
    (ROUTE, "IMD", "Injection, intramuscular, deep", "intramuscular"),
    (ROUTE, "IMZ", "Injection, intramuscular, z track", "intramuscular"),
    (ROUTE, "IV", "Infusion, intravenous", "intravenous"),
    (ROUTE, "IVC", "Infusion, intravenous catheter", "intravenous"),
    (ROUTE, "IVCC", "Infusion, intravenous catheter, continuous", "intravenous"),
    (ROUTE, "IVCI", "Infusion, intravenous catheter, intermittent", "intravenous"),
    (ROUTE, "PCA", "Infusion, intravenous catheter, pca pump", "intravenous"),
    (ROUTE, "IVINJ", "Injection, intravenous", "intravenous"),
    (ROUTE, "IVINJBOL", "Injection, intravenous, bolus", "intravenous"),
    (ROUTE, "IVPUSH", "Injection, intravenous, push", "intravenous"),
    (ROUTE, "IVRPUSH", "Injection, intravenous, rapid push", "intravenous"),
    (ROUTE, "IVSPUSH", "Injection, intravenous, slow push", "intravenous"),
    (ROUTE, "SQ", "Injection, subcutaneous", "subcutaneous"),
    (ROUTE, "SQINFUS", "Infusion, subcutaneous", "subcutaneous"),
    (ROUTE, "SQIMPLNT", "Implantation, subcutaneous", "subcutaneous"),
    (ROUTE, "SQSURGINS", "Insertion, subcutaneous, surgical", "subcutaneous"),
    (ROUTE, "NASAL", "Topical application, nasal", "nasal"),
    (ROUTE, "NASALINSTIL", "Instillation, nasal", "nasal"),
    (ROUTE, "NASINHL", "Inhalation, nasal", "nasal"),
    (ROUTE, "NASINHLC", "Inhalation, nasal cannula", "nasal"),
    (ROUTE, "NASNEB", "Inhalation, nebulization, nasal", "nasal"),
    (ROUTE, "TRNSDERM", "Transdermal", "transdermal"),
    (ROUTE, "TRNSDERMD", "Diffusion, transdermal", "transdermal"),
    (ROUTE, "PO", "Swallow, oral", "oral"),
    (ROUTE, "CHEW", "Chew, oral", "oral"),
    (ROUTE, "DISSOLVE", "Dissolve, oral", "oral"),
    (ROUTE, "SL", "Dissolve, sublingual", "sublingual-buccal"),
    (ROUTE, "TRNSLING", "Translingual", "sublingual-buccal"),
    (ROUTE, "BUC", "Topical application, buccal", "sublingual-buccal"),
    (ROUTE, "ORMUC", "Topical application, oromucosal", "sublingual-buccal"),
    (ROUTE, "SUCK", "Suck, oromucosal", "sublingual-buccal"),
    (ROUTE, "EPI", "Infusion, epidural", "epidural-intrathecal"),
    (ROUTE, "EPIDURINJ", "Injection, epidural", "epidural-intrathecal"),
    (ROUTE, "EPIINJ", "Injection, epidural, push", "epidural-intrathecal"),
    (ROUTE, "EPINJSP", "Injection, epidural, slow push", "epidural-intrathecal"),
    (ROUTE, "PDURINJ", "Injection, peridural", "epidural-intrathecal"),
    (ROUTE, "ICAUDINJ", "Injection, intracaudal", "epidural-intrathecal"),
    (ROUTE, "ISINJ", "Injection, intraspinal", "epidural-intrathecal"),
    (ROUTE, "IT", "Infusion, intrathecal", "epidural-intrathecal"),
    (ROUTE, "ITINJ", "Injection, intrathecal", "epidural-intrathecal"),
    (ROUTE, "SUBARACHINJ", "Injection, subarachnoid", "epidural-intrathecal"),
    (ROUTE, "PR", "Insertion, rectal", "rectal"),
    (ROUTE, "RECTAL", "Topical application, rectal", "rectal"),
    (ROUTE, "RECINSTL", "Instillation, rectal", "rectal"),
    (ROUTE, "RECTINSTL", "Instillation, rectal tube", "rectal"),
    (ROUTE, "ENEMA", "Enema, rectal", "rectal"),
    (ROUTE, "RETENEMA", "Enema, rectal retention", "rectal"),
)

# Phrases of a route's text. A phrase in no group is there so that the shorter one inside it is not read.
ROUTE_WORDS = {
    "intramuscular": (
        "deltoid", "gluteal", "i m", "im", "intra muscular", "intragluteal", "intramuscular", "intramuscularly",
    ),
    "intravenous": ("i v", "intra venous", "intravenous", "intravenously", "iv", "ivp", "ivpb", "pca"),
    "subcutaneous": (
        "s c", "s q", "sc", "sq", "sub cut", "sub q", "subc", "subcut", "subcutaneous", "subcutaneously", "subdermal",
        "subq", "under the skin",
    ),
    "nasal": ("each nostril", "in", "in nose", "into nose", "intra nasal", "intranasal", "nasal", "nasally", "nostril"),
    "transdermal": ("patch", "td", "to skin", "transdermal", "transdermally"),
    "oral": ("by mouth", "oral", "orally", "p o", "per oral", "per os", "peroral", "po"),
    "sublingual-buccal": (
        "buccal", "buccally", "oromucosal", "s l", "sl", "subl", "sublingual", "sublingually", "transmucosal",
        "under the tongue", "under tongue",
    ),
    "epidural-intrathecal": ("caudal", "epidural", "intraspinal", "intrathecal", "intrathecally", "it", "spinal"),
    "rectal": ("into rectum", "p r", "per rectum", "pr", "rectal", "rectally"),
    "": ("inhalation oral", "nasogastric", "oral inhalation", "oral rinse", "oral topical", "spinal cord"),
}  # fmt: skip
# Two letters that are words of a sentence as well: only as the whole text.
ROUTE_WORDS_ALONE = frozenset({"in", "it"})

# ---------------------------------------------------------------------------------------------------------------------
# Procedures (rules 10 to 12 and 31): table group -> ours. Specialties and statuses say nothing by themselves.
# ---------------------------------------------------------------------------------------------------------------------

PROCEDURE_GROUPS = {
    "anaesthesia": "surgery",  # an anaesthetic is planned for an operation
    "anaesthesia-monitored": "surgery",
    "surgery": "surgery",
    "surgery-eye-local": "minor",
    "surgery-gynaecological": "surgery",
    "surgery-major": "surgery",
    "surgery-orthopaedic": "surgery",
    "surgery-urological": "surgery",
    "preoperative": "minor",
}
# The names of operations that say more than "surgery" (rules 10 to 12).
HYSTERECTOMY = re.compile(r"hysterectomy", re.I)
STERILISATION = re.compile(r"bilateral (fallopian|tubal)|for sterilization|both (tubes|fallopian)", re.I)
CAESAREAN = re.compile(r"\bc(a)?esarean\b", re.I)
ECTOPIC = re.compile(r"\bectopic\b.*\bpregnancy\b", re.I)
# Near-miss 3 of rule 31: nobody needs an opioid afterwards. These win over a surgical category on the same request.
MINOR_PROCEDURES = (
    # Seen with these names in public FHIR examples.
    (SNOMED, "73761001", "Colonoscopy (procedure)"),
    (SNOMED, "113091000", "Magnetic resonance imaging (procedure)"),
    (SNOMED, "77477000", "Computed tomography (procedure)"),
    (SNOMED, "71651007", "Mammography (procedure)"),
)
PROCEDURES_ADDED = (
    # Seen with these names in public FHIR examples and procedure lists; the tables hold their descendants.
    (SNOMED, "236886002", "Hysterectomy (procedure)", ("conception-unlikely", "surgery", "uterus-absent")),
    (SNOMED, "287664005", "Bilateral tubal ligation (procedure)", ("conception-unlikely", "surgery")),
    (SNOMED, "11466000", "Cesarean section (procedure)", ("pregnancy-ended-delivery", "surgery")),
)
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

# ---------------------------------------------------------------------------------------------------------------------
# Allergies (rules 32 and 33): what the record says somebody does not bear. Drugs are told by their own value sets.
# ---------------------------------------------------------------------------------------------------------------------

ALLERGY_GROUPS = {
    "naltrexone-allergy": "naltrexone",
    "naloxone-allergy": "naloxone",
    "naloxone-substance": "naloxone",
    "no-known-allergy": "none-known",
    "opioid-allergy": "opioid",
    # A record of the whole class names naltrexone too.
    "opioid-antagonist-allergy": "naltrexone",
    "opioid-antagonist-substance": "naltrexone",
    "peripheral-antagonist-substance": "methylnaltrexone",
}
ALLERGY_WORDS = (
    ("azo dye", "filler-dye"),
    ("blue dye", "filler-dye"),
    ("cellulose", "filler-cellulose"),
    ("corn starch", "filler-starch"),
    ("cornstarch", "filler-starch"),
    ("food coloring", "filler-dye"),
    ("food colouring", "filler-dye"),
    ("food dye", "filler-dye"),
    ("gelatin", "filler-gelatin"),
    ("gelatine", "filler-gelatin"),
    ("gluten", "filler-gluten"),
    ("lactose", "filler-lactose"),
    ("macrogol", "filler-peg"),
    ("maize starch", "filler-starch"),
    ("mannitol", "filler-mannitol"),
    ("methyl naltrexone", "methylnaltrexone"),
    ("methylcellulose", "filler-cellulose"),
    ("methylnaltrexone", "methylnaltrexone"),
    ("methylparaben", "filler-paraben"),
    ("naloxone", "naloxone"),
    ("narcan", "naloxone"),
    ("nka", "none-known"),
    ("nkda", "none-known"),
    ("no known", "none-known"),
    ("opioid antagonist", "naltrexone"),
    ("paraben", "filler-paraben"),
    ("parabens", "filler-paraben"),
    ("polyethylene glycol", "filler-peg"),
    ("red dye", "filler-dye"),
    ("starch", "filler-starch"),
    ("stearate", "filler-stearate"),
    ("sucrose", "filler-sucrose"),
    ("tartrazine", "filler-dye"),
    ("yellow dye", "filler-dye"),
)

# ---------------------------------------------------------------------------------------------------------------------
# First-line drugs for fibromyalgia and neuropathic pain (rule 34): ingredient -> class
# ---------------------------------------------------------------------------------------------------------------------

FIRST_LINE = {
    "amitriptyline": "tricyclic",
    "carbamazepine": "anticonvulsant",
    "cyclobenzaprine": "tricyclic",
    "duloxetine": "SNRI",
    "gabapentin": "anticonvulsant",
    "milnacipran": "SNRI",
    "nortriptyline": "tricyclic",
    "pregabalin": "anticonvulsant",
    "venlafaxine": "SNRI",
}
# Brand names that the table leaves out.
FIRST_LINE_SPELLINGS = {
    "amitriptyline": ("endep", "tryptizol"),
    "duloxetine": ("yentreve",),
    "nortriptyline": ("aventyl",),
    "pregabalin": ("alzain",),
    "carbamazepine": ("carbatrol", "equetro"),
}

# ---------------------------------------------------------------------------------------------------------------------
# Units
# ---------------------------------------------------------------------------------------------------------------------

BASE_UNITS = {"mass": "mg", "volume": "mL", "concentration": "mg/mL", "count": "1"}
# "u" and "unit" are ambiguous and never converted; the size of a drop depends on the device.
UNITS_LEFT_OUT = frozenset({"u", "unit", "units", "[drp]", "drop", "drops", "gtt"})
UNITS_ADDED = (
    # What EHRs and the public sandbox send for a count.
    ("{pill}", "count", "1"),
    ("pill", "count", "1"),
    ("pills", "count", "1"),
    ("{tab}", "count", "1"),
    ("{cap}", "count", "1"),
    ("{lozenge}", "count", "1"),
    ("{troche}", "count", "1"),
    ("tbl", "count", "1"),
    ("{mL}", "volume", "1"),
    ("mg/1 mL", "concentration", "1"),
    ("ug/L", "concentration", "0.000001"),
    ("ng/mL", "concentration", "0.000001"),
    ("mg/100 mL", "concentration", "0.01"),
    # Laboratory: enzyme activity and arbitrary units of hormones, in U/L. 1 microkatal is 60 U.
    ("U/L", "activity", "1"),
    ("[U]/L", "activity", "1"),
    ("IU/L", "activity", "1"),
    ("[IU]/L", "activity", "1"),
    ("units/L", "activity", "1"),
    ("unit/L", "activity", "1"),
    ("mU/mL", "activity", "1"),
    ("mIU/mL", "activity", "1"),
    ("m[IU]/mL", "activity", "1"),
    ("mIU/L", "activity", "0.001"),
    ("m[IU]/L", "activity", "0.001"),
    ("IU/mL", "activity", "1000"),
    ("[IU]/mL", "activity", "1000"),
    ("U/mL", "activity", "1000"),
    ("ukat/L", "activity", "60"),
    # Bilirubin: micromoles have their own row, since only with the substance known do they become mass (units.py).
    ("umol/L", "molar", "1"),
    ("mcmol/L", "molar", "1"),
    ("micromol/L", "molar", "1"),
    ("mmol/L", "molar", "1000"),
    ("{INR}", "ratio", "1"),
    ("INR", "ratio", "1"),
    ("{ratio}", "ratio", "1"),
    ("ratio", "ratio", "1"),
)


def kept(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that may be used: not `verified=no`, and not a pattern."""
    for row in rows:
        kind = row.get("match_type") or row.get("tty_inferred") or ""
        if row["verified"] != "no" and kind != "text-regex":
            yield row


def listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def plain(phrase: str) -> str:
    """A phrase as it is matched: lower case, words parted by one space."""
    return " ".join(re.findall(r"[^\W_]+", phrase.casefold()))


def longest(washouts: Iterable[str]) -> str:
    return max(washouts, key=WASHOUTS.index)


def washout_of_unknown_form(name: str, *, combination: bool, injected: bool) -> str:
    """The class of a drug whose dose form is not known (rulebook b.2, the text under the table)."""
    if name in TWO_WEEK:
        return "two-week"
    if name in LONG_BY_NATURE:
        return "long-acting"
    if name in ER_CAPABLE and not combination and not (name == "fentanyl" and injected):
        return "long-acting"
    return "short-acting"


class Brands:
    """Which brand names are combinations with acetaminophen, aspirin or ibuprofen, read off the product names."""

    def __init__(self, products: Iterable[Row]) -> None:
        self._seen: dict[str, list[bool]] = {}
        for row in products:
            for brand in re.findall(r"\[([^\]]+)\]", row["display"]):
                plain_tablet = bool(COMBINATION.search(row["display"])) and row["duration"] == "short-acting"
                self._seen.setdefault(plain(brand), []).append(plain_tablet)

    def combination(self, name: str) -> bool:
        """True where every product of the brand is such a combination and none of them is extended-release."""
        return all(self._seen.get(plain(name), [False]))


def product_washout(row: Row, brands: Brands) -> tuple[str, str]:
    """Washout class of one product row, and `stated` where its code names the dose form."""
    if not row["counts_as_opioid"].startswith("yes"):
        return "not-counted", ""
    stated = row["tty_inferred"] in FORM_STATED
    if row["duration"] == "depot":
        return "depot", "stated"
    names = listed(row["ingredient_name"])
    if any(name in TWO_WEEK for name in names):
        return "two-week", "stated" if stated else ""
    display = row["display"]
    if LIPOSOMAL.search(display):
        return "long-acting", "stated"
    if stated:
        return row["duration"], "stated"
    combination = bool(COMBINATION.search(display)) or brands.combination(GROUPER_ENDING.sub("", display))
    injected = (
        row["route"] in ("injection", "nasal")
        or "/ML" in display.upper()
        or plain(GROUPER_ENDING.sub("", display)) in SHORT_FENTANYL_WORDS
    )
    unknown = [washout_of_unknown_form(name, combination=combination, injected=injected) for name in names]
    return longest([row["duration"], *unknown]), ""


def opioid_lines(ingredients: Sequence[Row], products: Sequence[Row]) -> Iterator[Line]:
    brands = Brands(products)
    code_of = ingredient_codes(ingredients)
    for row in ingredients:
        parent = re.search(r"salt/ester of (.+) \((\d+)\)", row["synonyms_brands"])
        name, ingredient = (parent[1], parent[2]) if parent else (row["name"], code_of[row["name"]])
        counted = row["counts_as_opioid"].startswith("yes")
        washout = washout_of_unknown_form(name, combination=False, injected=False) if counted else "not-counted"
        if row["rxcui"]:
            yield RXNORM, row["rxcui"], row["name"], ingredient, name, washout, "", ""
        if parent:
            continue
        for code in listed(row["atc"]):
            by_code = washout_of_unknown_form(
                name, combination=code in ATC_COMBINATION, injected=code.startswith(ATC_INJECTION)
            )
            by_code = by_code if counted else washout
            naltrexone = "yes" if code in ATC_WITH_NALTREXONE else ""
            yield ATC, code, f"{name} (ATC)", ingredient, name, by_code, "", naltrexone
        for code in listed(row["snomed_substance"]):
            yield SNOMED, code, f"{name} (substance)", ingredient, name, washout, "", ""
    for row in products:
        washout, form = product_washout(row, brands)
        names = listed(row["ingredient_name"])
        codes = [code_of[name] for name in names]
        naltrexone = "yes" if row["contains_naltrexone"] == "yes" else ""
        yield RXNORM, row["rxcui"], row["display"], ";".join(codes), ";".join(names), washout, form, naltrexone


def ingredient_codes(ingredients: Iterable[Row]) -> dict[str, str]:
    """Ingredient name -> RxNorm ingredient code, or the name where the tables have no code."""
    return {row["name"]: row["rxcui"] or row["name"] for row in ingredients if row["tty"] != "PIN"}


def naltrexone_lines(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        if row["product_class"] == OPIOID_WITH_NALTREXONE:
            continue
        kind, _, code = row["code"].rpartition(":")
        system = {"": RXNORM, "ATC": ATC, "SNOMED": SNOMED}[kind]
        product = NALTREXONE_CORRECTIONS.get((system, code)) or NALTREXONE_PRODUCTS[row["product_class"]]
        cue = "low-dose" if row["product_class"] == "low-dose-oral" else ""
        strength = row["strength_mg"] if product not in ("bupropion", "not-naltrexone") else ""
        yield system, code, row["display"], product, strength, cue
    for system, code, display, product in NALTREXONE_ADDED:
        yield system, code, display, product, "", ""


class WordBook:
    """The words for opioids: word -> ingredient name -> (washout, form, source); the first source of a word stays."""

    def __init__(self) -> None:
        self._meanings: dict[str, dict[str, tuple[str, str, str]]] = {}
        self._refused = {plain(word) for word in (*DENIED_WORDS, *NO_DRUG_WORDS, *NALTREXONE_WORDS)}
        self._refused |= NOT_A_BRAND | AMBIGUOUS_BRANDS

    def add(self, word: str, name: str, washout: str, form: str, source: str) -> None:
        word = plain(word)
        if word not in self._refused:
            self._meanings.setdefault(word, {}).setdefault(name, (washout, form, source))

    def lines(self) -> Iterator[tuple[str, str, str, str, str]]:
        for word, meanings in self._meanings.items():
            if not any(self._says_the_same(inner, meanings) for inner in inner_phrases(word)):
                for name, (washout, form, source) in meanings.items():
                    yield word, name, washout, form, source

    def _says_the_same(self, inner: str, meanings: Mapping[str, tuple[str, str, str]]) -> bool:
        """Such a longer phrase is left out, so that the words beside the shorter one (`er`) are read as well."""
        shorter = self._meanings.get(inner, {})
        return shorter.keys() == meanings.keys() and all(
            not form or shorter[name][0] == washout for name, (washout, form, _) in meanings.items()
        )


def inner_phrases(phrase: str) -> Iterator[str]:
    """The shorter phrases inside: `lortab` in `lortab elixir`, `tuxarin` in `tuxarin er`."""
    words = phrase.split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if end - start < len(words):
                yield " ".join(words[start:end])


def brand_names(row: Row) -> Iterator[str]:
    """The brands that a product row names: in brackets, or as a whole where the row is a brand."""
    names = re.findall(r"\[([^\]]+)\]", row["display"])
    if row["tty_inferred"] == "BN":
        names.append(row["display"])
    for name in names:
        yield REFORMULATED.sub("", name)


def brand_words(products: Sequence[Row], brands: Brands) -> Iterator[tuple[str, str, str, str]]:
    """(brand, ingredient name, washout, form) of every brand that counts as an opioid.

    A brand states the form where all its products that name a dose form have one class, or where it is a combination
    with acetaminophen, aspirin or ibuprofen; otherwise the formulation is unknown.
    """
    names: dict[str, set[str]] = {}
    classes: dict[str, set[str]] = {}
    for row in products:
        if not row["counts_as_opioid"].startswith("yes"):
            continue
        washout, form = product_washout(row, brands)
        for brand in {plain(name) for name in brand_names(row)}:
            names.setdefault(brand, set()).update(listed(row["ingredient_name"]))
            if form:
                classes.setdefault(brand, set()).add(washout)
    for brand, ingredients in names.items():
        combination = brands.combination(brand)
        stated = {"short-acting"} if combination else classes.get(brand, set())
        for name in ingredients:
            if len(stated) == 1:
                yield brand, name, next(iter(stated)), "stated"
            else:
                injected = brand in SHORT_FENTANYL_WORDS
                yield brand, name, washout_of_unknown_form(name, combination=combination, injected=injected), ""


def opioid_words(ingredients: Sequence[Row], products: Sequence[Row]) -> WordBook:
    brands = Brands(products)
    branded = {(brand, name): (washout, form) for brand, name, washout, form in brand_words(products, brands)}
    book = WordBook()
    for word in DEPOT_WORDS:
        book.add(word, "buprenorphine", "depot", "stated", "script")
    for word in SHORT_FENTANYL_WORDS:
        book.add(word, "fentanyl", "short-acting", "stated", "script")
    for row in ingredients:
        if row["tty"] == "PIN" or not row["counts_as_opioid"].startswith("yes"):
            continue
        name = row["name"]
        unknown = (washout_of_unknown_form(name, combination=False, injected=False), "")
        names = [re.sub(r"\(.*?\)", "", part) for part in listed(row["synonyms_brands"])]
        split = [piece for part in names for piece in part.split("/")] if name == "oxycodone" else names
        for word in (name, *split):
            book.add(word, name, *branded.get((plain(word), name), unknown), "ingredient")
        for word in OPIOID_SPELLINGS.get(name, ()):
            book.add(word, name, *branded.get((plain(word), name), unknown), "spelling")
    for (brand, name), (washout, form) in branded.items():
        book.add(brand, name, washout, form, "product")
    for brand, name, washout in (*BRANDS_ADDED, *BRANDS_SPELLED_OUT):
        book.add(brand, name, washout, "stated", "script")
    return book


def drug_word_lines(ingredients: Sequence[Row], products: Sequence[Row]) -> Iterator[Line]:
    """(word, means, drug, ingredient, washout, form, source): what each word of a medication text stands for."""
    code_of = ingredient_codes(ingredients)
    for word, name, washout, form, source in opioid_words(ingredients, products).lines():
        means = "opioid-with-naltrexone" if word in SEQUESTERED_WORDS else "opioid"
        yield word, means, name, code_of.get(name, name), washout, form, source
    for word in KRATOM_WORDS:
        yield plain(word), "opioid", "kratom", "kratom", "kind-unknown", "", "script"
    for word in CLASS_WORDS:
        yield plain(word), "opioid-class", "opioid", "opioid", "kind-unknown", "", "script"
    for word in DENIED_WORDS:
        yield plain(word), "denied", "", "", "", "", "script"
    for word in NO_DRUG_WORDS:
        yield plain(word), "no-drug", "", "", "", "", "script"
    for word, product in NALTREXONE_WORDS.items():
        yield plain(word), "naltrexone", product, "", "", "", "script"
    for cue, cue_words in CUE_WORDS.items():
        for word in cue_words:
            yield plain(word), "cue", cue, "", "", "", "script"
    for word, name in ANTICOAGULANT_WORDS.items():
        yield plain(word), "anticoagulant", name, "", "", "", "script"


def route_word_lines() -> Iterator[Line]:
    for group, phrases in ROUTE_WORDS.items():
        for phrase in phrases:
            yield phrase, group, "whole text" if phrase in ROUTE_WORDS_ALONE else ""


def ended_groups(row: Row) -> tuple[str, ...]:
    """A row of the table's `pregnancy-ended`: does it say that the pregnancy ended, and how?"""
    display = row["display"].casefold()
    if HISTORY.search(display):
        return ("obstetric-other",)
    if FAILED_ATTEMPT.search(display):
        return ("pregnancy-possible",)
    if display.startswith("continuing pregnancy"):
        return ("pregnancy",)
    if row["subgroup"] == "abortive-outcome":
        return ("pregnancy-ended-abortive",)
    if DELIVERED.search(display) and not NOT_BORN_YET.match(display):
        return ("pregnancy-ended-delivery",)
    if AFTER_BIRTH.search(display) or row["subgroup"] == "postpartum":
        return ("postpartum",)
    if BORN.search(display) and not NOT_BORN_YET.search(display):
        return ("pregnancy-ended-delivery",)
    return ("obstetric-other",)


def decompensation_groups(row: Row) -> tuple[str, ...]:
    """A row of the table's `cirrhosis-decompensated` that no correction names."""
    display = row["display"].casefold()
    acute = bool(re.search(r"\b(sub)?acute\b|fulminant|viral hepatitis a\b|necrosis", display))
    if "coma" in display:
        return ACUTE_COMA if acute else FAILURE_WITH_COMA
    if "failure" in display or "necrosis" in display:
        return ACUTE_FAILURE if acute else FAILURE
    if "bleeding" in display:
        return ("decompensation",)
    raise SystemExit(f"no group for {row['code']} {row['display']}: add it to CONDITION_CORRECTIONS")


def groups_of(row: Row) -> tuple[str, ...]:
    """Our groups for one row of the conditions table."""
    group = row["group"]
    if group == "pregnancy-ended":
        return ended_groups(row)
    if group == "breastfeeding":
        plain_words = BREASTFEEDS.search(row["display"].casefold())
        return ("breastfeeding",) if plain_words and not row["subgroup"] else ()
    if group == "opioid-poisoning-or-adverse-effect":
        return ("opioid-poisoning",) if row["system"] == SNOMED else ()
    if group == "cirrhosis-decompensated":
        return decompensation_groups(row)
    if group == "pregnancy" and COUNTED_PREGNANCIES.search(row["display"].casefold()):
        return ("obstetric-other",)
    if group == "other-ldn-use" and ULCERATIVE_COLITIS.search(row["display"].casefold()):
        return ("ibd",)
    return CONDITION_GROUPS[group]


def condition_lines(rows: Iterable[Row]) -> Iterator[Line]:
    corrected = {(system, code) for system, code, _ in CONDITION_CORRECTIONS}
    for row in rows:
        if row["group"] not in CONDITION_GROUPS:
            continue
        if (row["system"], row["code"]) in corrected:
            continue
        match = "prefix" if row["match_type"] == "ICD prefix" else "exact"
        groups = groups_of(row)
        if groups:
            yield row["system"], row["code"], row["display"], match, ";".join(sorted(groups))
    for (system, code, match), (display, groups) in CONDITION_CORRECTIONS.items():
        if groups:
            yield system, code, display, match, ";".join(sorted(groups))


def condition_word_lines() -> Iterator[Line]:
    for phrase, groups, needs, unless in CONDITION_WORDS:
        cells = (groups, needs, unless)
        yield (phrase, *(";".join(sorted(set(cell))) for cell in cells))


def observation_lines(rows: Iterable[Row]) -> Iterator[Line]:
    added = {(system, code) for system, code, *_ in OBSERVATIONS_ADDED}
    for row in rows:
        group = row["group"]
        if row["system"] == "text" or (row["system"], row["code"]) in added:
            continue
        if row["kind"] == "answer":
            yield row["system"], row["code"], row["display"], group.removeprefix("answer-"), "answer", ""
        elif row["kind"] == "observation" and (
            group in OBSERVATION_GROUPS or group.startswith(OBSERVATION_GROUP_PREFIX)
        ):
            yield row["system"], row["code"], row["display"], group, "observation", row["ucum_unit"]
    yield from OBSERVATIONS_ADDED


def procedure_lines(rows: Iterable[Row]) -> Iterator[Line]:
    added = {(system, code) for system, code, *_ in (*PROCEDURES_ADDED, *MINOR_PROCEDURES)}
    for row in rows:
        group = PROCEDURE_GROUPS.get(row["group"])
        if group is None or (row["system"], row["code"]) in added:
            continue
        groups = {group}
        if HYSTERECTOMY.search(row["display"]):
            groups |= {"conception-unlikely", "uterus-absent"}
        if STERILISATION.search(row["display"]):
            groups.add("conception-unlikely")
        if CAESAREAN.search(row["display"]):
            groups.add("pregnancy-ended-delivery")
        if ECTOPIC.search(row["display"]):
            groups.add("pregnancy-ended-abortive")
        yield row["system"], row["code"], row["display"], ";".join(sorted(groups))
    for system, code, display, named in PROCEDURES_ADDED:
        yield system, code, display, ";".join(named)
    for system, code, display in MINOR_PROCEDURES:
        yield system, code, display, "minor"


def procedure_word_lines() -> Iterator[Line]:
    for phrase, groups in PROCEDURE_WORDS:
        yield phrase, ";".join(sorted(groups))


def allergy_lines(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        group = ALLERGY_GROUPS.get(row["group"])
        if group is not None:
            yield row["system"], row["code"], row["display"], group


def first_line_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """Codes of products too: a product code that is not known by its ingredient would read as "none found here"."""
    for row in rows:
        name = row["ingredient_name"]
        if name not in FIRST_LINE:
            continue
        if row["rxcui"]:
            yield RXNORM, row["rxcui"], row["display"], name, FIRST_LINE[name]
        if row["tty_inferred"] == "IN":
            for code in listed(row["atc"]):
                yield ATC, code, f"{name} (ATC)", name, FIRST_LINE[name]
            for code in listed(row["snomed_substance"]):
                yield SNOMED, code, f"{name} (substance)", name, FIRST_LINE[name]


def first_line_word_lines(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        name = row["ingredient_name"]
        if name in FIRST_LINE and row["tty_inferred"] == "IN":
            for word in (name, *listed(row["brands"]), *FIRST_LINE_SPELLINGS.get(name, ())):
                yield plain(word), name, FIRST_LINE[name]


def unit_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """One spelling a line, case-folded (EHRs write MG and mg for the same thing), with its factor to the base unit."""
    seen: dict[str, Line] = {}
    from_table = ((row["unit"], row["dimension"], row["factor"] or "1") for row in rows)
    for unit, dimension, factor in (*from_table, *UNITS_ADDED):
        spelled = unit.casefold().rstrip(".").replace("μ", "u")
        if spelled in UNITS_LEFT_OUT:
            continue
        line = (spelled, dimension, factor)
        if seen.setdefault(spelled, line) != line:
            raise SystemExit(f"two meanings of the unit {unit}")
    yield from seen.values()


FILES = {
    "allergies.csv": ("system", "code", "display", "group"),
    "allergy_words.csv": ("phrase", "group"),
    "anticoagulants.csv": ("system", "code", "display", "name"),
    "condition_words.csv": ("phrase", "group", "needs", "unless"),
    "conditions.csv": ("system", "code", "display", "match", "group"),
    "drug_words.csv": ("word", "means", "drug", "ingredient", "washout", "form", "source"),
    "first_line.csv": ("system", "code", "display", "name", "class"),
    "first_line_words.csv": ("word", "name", "class"),
    "naltrexone.csv": ("system", "code", "display", "product", "strength_mg", "cue"),
    "observation_words.csv": ("text", "group", "kind"),
    "observations.csv": ("system", "code", "display", "group", "kind", "unit"),
    "opioids.csv": ("system", "code", "display", "ingredient", "name", "washout", "form", "naltrexone"),
    "route_words.csv": ("phrase", "group", "where"),
    "routes.csv": ("system", "code", "display", "group"),
    "procedure_words.csv": ("phrase", "group"),
    "procedures.csv": ("system", "code", "display", "group"),
    "units.csv": ("spelled", "dimension", "factor"),
}


def build(tables: Path) -> dict[str, list[Line]]:
    """File name -> its sorted lines."""

    def table(name: str) -> list[Row]:
        with (tables / name).open(encoding="utf-8", newline="") as file:
            return list(kept(csv.DictReader(file)))

    ingredients, products = table("opioid_ingredients.csv"), table("opioid_products.csv")
    first_line = table("first_line_drugs.csv")
    lines: dict[str, Iterable[Line]] = {
        "allergies.csv": allergy_lines(table("allergy.csv")),
        "allergy_words.csv": ALLERGY_WORDS,
        "anticoagulants.csv": ANTICOAGULANTS,
        "condition_words.csv": condition_word_lines(),
        "conditions.csv": condition_lines(table("conditions.csv")),
        "drug_words.csv": drug_word_lines(ingredients, products),
        "first_line.csv": first_line_lines(first_line),
        "first_line_words.csv": first_line_word_lines(first_line),
        "naltrexone.csv": naltrexone_lines(table("naltrexone_products.csv")),
        "observation_words.csv": OBSERVATION_WORDS,
        "observations.csv": observation_lines(table("observations.csv")),
        "opioids.csv": opioid_lines(ingredients, products),
        "route_words.csv": route_word_lines(),
        "routes.csv": ROUTES,
        "procedure_words.csv": procedure_word_lines(),
        "procedures.csv": procedure_lines(table("procedures.csv")),
        "units.csv": unit_lines(table("dose_units.csv")),
    }
    return {name: sorted(set(lines[name])) for name in FILES}


def write(lines: Mapping[str, Sequence[Line]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, header in FILES.items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines[name])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the value-set CSVs from a folder of terminology tables.")
    parser.add_argument("tables", type=Path, metavar="TABLES_DIR", help="folder with the tables")
    default = Path(__file__).resolve().parent.parent / "cds_service" / "terminology"
    parser.add_argument(
        "--out", type=Path, default=default, help="where the CSVs go (default: cds_service/terminology)"
    )
    options = parser.parse_args(arguments)
    lines = build(options.tables)
    write(lines, options.out)
    for name in FILES:
        print(f"{name}: {len(lines[name])} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
