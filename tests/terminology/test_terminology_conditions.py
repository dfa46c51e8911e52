"""Which conditions belong to which value set: rulebook b.1 and rules 9, 12, 14, 15, 16, 40."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.record import Coding, Concept
from cds_service.terminology.conditions import LDN_INDICATIONS, condition_groups
from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED

SYSTEMS = {"cm": ICD10CM, "who": ICD10, "sct": SNOMED}


def groups(text: str = "", *codes: str) -> set[str]:
    """Codes are written `cm:K74.60`, `who:K74.6`, `sct:19943007`."""
    split = [code.split(":") for code in codes]
    return set(condition_groups(Concept(tuple(Coding(SYSTEMS[system], code) for system, code in split), text)))


@pytest.mark.parametrize(
    "code",
    [
        "cm:Z33.1",
        "cm:Z34.02",
        "cm:O09.90",
        "cm:Z3A.20",
        "cm:O10.019",
        "cm:O26.899",
        "cm:O48.0",
        "who:Z34.9",
        "who:Z34.02",
        "who:O14.9",
        "sct:77386006",
    ],
)
def test_pregnancy_codes_of_rule_9_are_pregnancy(code: str) -> None:
    assert groups("", code) == {"pregnancy"}


@pytest.mark.parametrize(
    "text",
    ["False pregnancy", "Pseudocyesis (false pregnancy)", "pseudocyesis", "Phantom pregnancy", "pseudo-pregnancy"],
)
def test_a_false_pregnancy_in_words_is_no_pregnancy(text: str) -> None:
    assert groups(text) == set()


def test_false_labour_in_words_is_a_pregnancy() -> None:
    assert groups("False labor, pregnancy 38 weeks") == {"pregnancy"}


def test_cardiac_cirrhosis_is_cirrhosis_by_code_and_by_words() -> None:
    assert groups("", "sct:74669004") == groups("Cardiac cirrhosis") == {"cirrhosis"}


@pytest.mark.parametrize("code", ["cm:O80", "cm:O82", "cm:Z37.0", "cm:O60.14X0", "who:O80.0", "who:O82"])
def test_a_delivery_ends_the_pregnancy(code: str) -> None:
    assert groups("", code) == {"pregnancy-ended-delivery"}


@pytest.mark.parametrize("code", ["cm:O03.9", "cm:O00.101", "cm:O01.9", "cm:O04.6", "cm:Z33.2", "who:O03", "who:O00.1"])
def test_miscarriage_termination_ectopic_and_mole_end_the_pregnancy(code: str) -> None:
    assert groups("", code) == {"pregnancy-ended-abortive"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cm:Z32.01", {"pregnancy-test-positive"}),
        ("cm:Z32.02", {"pregnancy-test-negative"}),
        ("cm:Z32.00", {"pregnancy-possible"}),
        ("sct:146799005", {"pregnancy-possible"}),
        ("sct:152231000119106", {"pregnancy-possible"}),
        ("sct:60001007", {"not-pregnant"}),
        ("cm:Z31.41", {"pregnancy-planning"}),
        ("cm:Z31.9", {"pregnancy-planning"}),
        ("cm:O07.4", {"pregnancy-possible"}),
        ("cm:O86.4", {"postpartum"}),
        ("cm:Z39.2", {"postpartum"}),
        ("cm:O61.0", {"obstetric-other"}),
        ("sct:53881005", {"obstetric-other"}),  # gravida 0
        ("sct:289677009", {"obstetric-other"}),  # gravid uterus absent
    ],
)
def test_near_misses_of_pregnancy_keep_their_own_groups(code: str, expected: set[str]) -> None:
    assert groups("", code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "cm:K70.30",
        "cm:K71.7",
        "cm:K74.4",
        "cm:K74.5",
        "cm:K74.60",
        "cm:K74.69",
        "cm:P78.81",
        "who:K74.6",
        "sct:19943007",
    ],
)
def test_cirrhosis_codes_of_rule_14_are_cirrhosis_and_not_decompensated(code: str) -> None:
    assert groups("", code) == {"cirrhosis"}


@pytest.mark.parametrize("code", ["cm:K74.3", "who:K74.3", "sct:31712002", "sct:715401008"])
def test_primary_biliary_cholangitis_is_never_cirrhosis(code: str) -> None:
    assert groups("primary biliary cirrhosis", code) == {"primary-biliary-cholangitis"}


@pytest.mark.parametrize("code", ["cm:K70.31", "who:K70.31", "sct:716203000", "sct:1082601000119104"])
def test_cirrhosis_and_decompensation_in_one_code_is_sufficient(code: str) -> None:
    assert {"cirrhosis", "decompensated-cirrhosis", "decompensation"} <= groups("", code)


@pytest.mark.parametrize(
    "code", ["cm:K76.82", "cm:K76.7", "who:K76.7", "sct:13920009", "sct:51292008", "sct:708248004"]
)
def test_encephalopathy_hepatorenal_and_end_stage_disease_need_no_cirrhosis_code(code: str) -> None:
    found = groups("", code)
    assert {"decompensation", "decompensation-standalone"} <= found
    assert "cirrhosis" not in found


@pytest.mark.parametrize(
    "code",
    ["cm:R18.8", "sct:389026000", "cm:I85.01", "cm:I85.11", "cm:K65.2", "cm:K72.10", "cm:K72.90", "sct:59927004"],
)
def test_other_decompensation_needs_a_cirrhosis_code_beside_it(code: str) -> None:
    found = groups("", code)
    assert "decompensation" in found
    assert not found & {"decompensation-standalone", "cirrhosis", "acute-liver-injury"}


@pytest.mark.parametrize("code", ["cm:I85.00", "cm:K76.0", "cm:K74.00", "cm:B18.2", "cm:R18.0", "sct:128302006"])
def test_varices_without_bleeding_fat_fibrosis_and_malignant_ascites_are_no_cirrhosis(code: str) -> None:
    assert not groups("", code) & {"cirrhosis", "decompensation", "ascites", "acute-liver-injury"}


def test_child_pugh_facts_are_told_apart() -> None:
    assert "ascites" in groups("", "cm:R18.8")
    assert "ascites" in groups("", "cm:K70.31")
    assert "encephalopathy" in groups("", "cm:K76.82")
    assert "encephalopathy-coma" not in groups("", "cm:K76.82")
    assert {"encephalopathy", "encephalopathy-coma"} <= groups("", "cm:K72.91")
    assert groups("", "sct:710067001") == {"child-pugh-c"}
    assert "ascites-severe" in groups("tense ascites")
    assert "ascites-severe" not in groups("ascites")


@pytest.mark.parametrize(
    "code", ["cm:K72.00", "cm:K72.01", "cm:B15.9", "cm:B17.9", "cm:K70.10", "cm:K71.10", "sct:37871000"]
)
def test_acute_liver_injury_follows_the_list_of_rule_16(code: str) -> None:
    found = groups("", code)
    assert "acute-liver-injury" in found
    assert not found & {"decompensation", "decompensation-standalone"}


def test_immunity_to_hepatitis_a_is_not_hepatitis() -> None:
    assert groups("", "sct:278971009") == set()


def test_liver_failure_is_named_so_that_rule_16_can_find_it() -> None:
    for code in ("cm:K72.90", "cm:K70.40", "cm:K72.00", "sct:59927004"):
        assert "liver-failure" in groups("", code)


@pytest.mark.parametrize("code", ["cm:Z94.4", "who:Z94.4", "sct:737297006"])
def test_a_transplanted_liver_is_known(code: str) -> None:
    assert groups("", code) == {"liver-transplant"}


@pytest.mark.parametrize("code", ["cm:F11.93", "cm:F11.23", "cm:F11.13", "who:F11.3", "sct:87132004"])
def test_opioid_withdrawal_is_known(code: str) -> None:
    assert "opioid-withdrawal" in groups("", code)


def test_a_failed_naloxone_challenge_is_a_group_of_its_own() -> None:
    assert groups("", "sct:1264554000") == {"naloxone-challenge-failed"}


@pytest.mark.parametrize("code", ["cm:F10.239", "cm:P96.1", "cm:F11.20", "cm:F11.21"])
def test_alcohol_and_neonatal_withdrawal_are_not_opioid_withdrawal(code: str) -> None:
    assert "opioid-withdrawal" not in groups("", code)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cm:F10.20", {"alcohol-use-disorder"}),
        ("cm:F10.10", {"alcohol-use-disorder"}),
        ("cm:F10.21", {"alcohol-use-disorder-remission"}),
        ("cm:F10.90", set()),
        ("sct:66590003", {"alcohol-use-disorder"}),
        ("cm:F11.20", {"opioid-use-disorder"}),
        ("cm:F11.21", {"opioid-use-disorder-remission"}),
        ("who:F11.21", {"opioid-use-disorder-remission"}),
        ("sct:75544000", {"opioid-use-disorder"}),
        ("cm:E66.01", {"obesity"}),
        ("sct:414916001", {"obesity"}),
    ],
)
def test_addiction_and_obesity_reasons_are_known(code: str, expected: set[str]) -> None:
    assert groups("", code) == expected


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("cm:M79.7", "fibromyalgia"),
        ("sct:203082005", "fibromyalgia"),
        ("cm:G89.4", "chronic-pain"),
        ("cm:G89.29", "chronic-pain"),
        ("cm:G89.11", "chronic-pain"),
        ("cm:G90.50", "crps"),
        ("cm:G35", "multiple-sclerosis"),
        ("cm:G35.A", "multiple-sclerosis"),
        ("cm:K50.90", "crohn"),
        ("cm:K50.90", "ibd"),
        ("cm:K51.90", "ibd"),
        ("sct:64766004", "ibd"),
        ("cm:E11.42", "neuropathy"),
        ("cm:G62.9", "neuropathy"),
        ("cm:B02.29", "neuropathy"),
        ("sct:2177002", "neuropathy"),
    ],
)
def test_ldn_indications_are_known_and_in_the_union(code: str, group: str) -> None:
    assert {group, "ldn-indication"} <= groups("", code)


def test_other_uses_of_ldn_are_not_in_the_indication_set() -> None:
    assert groups("", "cm:G93.32") == {"other-ldn-use"}
    assert "other-ldn-use" not in LDN_INDICATIONS


@pytest.mark.parametrize("code", ["K74.60", "K7460", "k74.60", " k7460 "])
def test_icd_codes_are_read_with_and_without_dot_and_in_any_case(code: str) -> None:
    assert groups("", f"cm:{code}") == {"cirrhosis"}


def test_the_longest_prefix_decides() -> None:
    assert groups("", "cm:O60.02") == {"pregnancy"}
    assert groups("", "cm:O60.12X0") == {"pregnancy-ended-delivery"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pregnant", {"pregnancy"}),
        ("Pregnancy, 12 weeks, no complications", {"pregnancy"}),
        ("Possible pregnancy", {"pregnancy-possible"}),
        ("Cirrhosis of the liver", {"cirrhosis"}),
        ("cirrhosis with ascites", {"cirrhosis", "ascites", "decompensation"}),
        ("Alcohol dependence in remission", {"alcohol-use-disorder-remission"}),
        ("opioid use disorder, severe", {"opioid-use-disorder"}),
        ("Opioid withdrawal", {"opioid-withdrawal"}),
        ("FIBROMYALGIA", {"fibromyalgia", "ldn-indication"}),
        ("Crohn's disease", {"crohn", "ibd", "ldn-indication"}),
        ("Complex regional pain syndrome, left arm", {"crps", "ldn-indication"}),
        ("neuropathic corneal pain", {"corneal-neuropathic-pain", "ldn-indication"}),
        ("relapsing multiple sclerosis", {"multiple-sclerosis", "ldn-indication"}),
        ("ulcerative colitis", {"ibd", "ldn-indication"}),
        ("chronic low back pain", {"chronic-pain", "ldn-indication"}),
        ("obesity class 2", {"obesity"}),
    ],
)
def test_text_is_read_where_no_code_is_known(text: str, expected: set[str]) -> None:
    assert groups(text) == expected


def test_decompensated_cirrhosis_and_standalone_facts_are_read_from_text() -> None:
    assert {"cirrhosis", "decompensated-cirrhosis"} <= groups("Decompensated liver cirrhosis")
    assert {"encephalopathy", "decompensation-standalone"} <= groups("Hepatic encephalopathy grade 2")
    assert "decompensation-standalone" in groups("hepatorenal syndrome type 1")
    assert "decompensated-cirrhosis" not in groups("compensated cirrhosis")


@pytest.mark.parametrize(
    "text",
    [
        "Pregnancy test negative",
        "not pregnant",
        "planning pregnancy",
        "trying for pregnancy",
        "history of pregnancy",
        "previous pregnancy",
        "ectopic pregnancy",
        "partner pregnant",
        "wife's pregnancy",
        "pregnancy of sister",
        "mother pregnant",
        "girlfriend is pregnant",
        "pulmonary cirrhosis",
        "primary biliary cirrhosis",
        "primary biliary cholangitis (cirrhosis)",
        "family history of cirrhosis",
        "FHx cirrhosis",
        "rule out cirrhosis",
        "no cirrhosis",
        "malignant ascites",
        "neonatal opioid withdrawal",
        "alcohol withdrawal",
        "no fibromyalgia",
        "decirrhosised",
    ],
)
def test_denied_doubted_and_other_peoples_conditions_are_nothing(text: str) -> None:
    assert groups(text) == set()


def test_a_code_decides_where_the_text_differs() -> None:
    assert groups("cirrhosis", "cm:K76.0") == {"liver-disease-other"}
    assert groups("not pregnant", "cm:Z34.02") == {"pregnancy"}


@pytest.mark.parametrize(
    "text", ["Supervision of partner's pregnancy", "Wife is pregnant", "family history of cirrhosis"]
)
def test_another_persons_condition_is_nothing_even_with_a_code(text: str) -> None:
    assert groups(text, "cm:Z34.02") == set()
    assert groups(text, "sct:19943007") == set()


@pytest.mark.parametrize(
    "text", ["Encounter for antenatal screening of mother", "Mother not delivered", "Pregnant, partner present"]
)
def test_official_names_that_mention_the_mother_are_the_patients_own(text: str) -> None:
    assert groups(text, "cm:Z34.02") == {"pregnancy"}


def test_family_history_codes_say_nothing_of_the_patient() -> None:
    assert groups("", "cm:Z83.79") == {"family-history"}


def test_several_codings_add_up() -> None:
    assert groups("", "cm:K74.60", "sct:389026000") == {"cirrhosis", "ascites", "decompensation"}


@given(st.sampled_from([ICD10CM, ICD10, SNOMED, ""]), st.text(max_size=15), st.text(max_size=80))
def test_any_code_and_text_can_be_asked(system: str, code: str, text: str) -> None:
    assert "" not in condition_groups(Concept((Coding(system, code),), text))
