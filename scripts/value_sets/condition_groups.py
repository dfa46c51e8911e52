"""Groups of conditions: what a group of the table is called here, and groups that go together."""

from collections.abc import Mapping

# (system, code, match) -> (display, our groups). No groups: the row is left out.
Corrections = Mapping[tuple[str, str, str], tuple[str, tuple[str, ...]]]
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
