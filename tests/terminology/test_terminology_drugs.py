"""Who is who among medications: rulebook b.1 *Medication identity* and the washout table of b.2."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.record import Coding, Concept, Drug, Naltrexone
from cds_service.terminology.drugs import identify
from cds_service.terminology.systems import ATC, RXNORM, SNOMED

NALTREXONE, NALOXONE, BUPRENORPHINE, OXYCODONE, MORPHINE = "7243", "7242", "1819", "7804", "7052"


def named(text: str = "", *codes: str, system: str = RXNORM, display: str = "") -> Drug | None:
    return identify(Concept(tuple(Coding(system, code, display) for code in codes), text))


def opioid_of(text: str = "", *codes: str, system: str = RXNORM) -> tuple[str, str]:
    drug = named(text, *codes, system=system)
    assert drug is not None
    (opioid,) = drug.opioids
    return opioid.name, opioid.washout


def naltrexone_of(text: str = "", *codes: str, system: str = RXNORM) -> Naltrexone:
    drug = named(text, *codes, system=system)
    assert drug is not None
    assert drug.naltrexone is not None
    return drug.naltrexone


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("2670", "codeine"),
        ("4337", "fentanyl"),
        ("5489", "hydrocodone"),
        ("3423", "hydromorphone"),
        ("6813", "methadone"),
        ("7052", "morphine"),
        ("7804", "oxycodone"),
        ("7814", "oxymorphone"),
        ("10689", "tramadol"),
        ("787390", "tapentadol"),
        ("1819", "buprenorphine"),
        ("6754", "meperidine"),
        ("6378", "levorphanol"),
        ("1841", "butorphanol"),
        ("7238", "nalbuphine"),
        ("8001", "pentazocine"),
        ("23088", "dihydrocodeine"),
    ],
)
def test_the_ingredient_codes_that_the_rulebook_lists_are_opioids(code: str, name: str) -> None:
    drug = named("", code)
    assert drug is not None
    assert [(opioid.ingredient, opioid.name) for opioid in drug.opioids] == [(code, name)]
    assert drug.by == "code"


def test_a_salt_is_the_same_drug_as_its_ingredient() -> None:
    drug = named("", "82063")  # oxycodone hydrochloride
    assert drug is not None
    assert drug.opioids[0].ingredient == OXYCODONE


def test_embeda_is_an_opioid_and_never_naltrexone() -> None:
    for drug in (
        named("Embeda 20-0.8 mg capsule"),
        named("morphine/naltrexone ER"),
        named("", "863849"),  # the branded capsule
        named("", "866331"),  # Morphine / Naltrexone
        named("", "859960"),  # the component with its brand
        named("", NALTREXONE, MORPHINE),  # the combination written as two ingredients
        named("EMBEDA", NALTREXONE),  # filed under one of its ingredients
    ):
        assert drug is not None
        assert drug.naltrexone is None
        assert [(opioid.name, opioid.washout) for opioid in drug.opioids] == [("morphine", "long-acting")]


def test_troxyca_is_an_opioid_and_never_naltrexone() -> None:
    for drug in (named("Troxyca ER"), named("", "1806707"), named("", "N02AA56", system=ATC)):
        assert drug is not None
        assert drug.naltrexone is None
        assert opioid_names(drug) == ["oxycodone"]


def opioid_names(drug: Drug) -> list[str]:
    return [opioid.name for opioid in drug.opioids]


@pytest.mark.parametrize(
    "text",
    [
        "methylnaltrexone 150 mg tablet",
        "Methyl-naltrexone",
        "methyl naltrexone bromide",
        "N-methylnaltrexone",
        "naltrexone methylbromide",
        "Relistor",
        "naloxone 4 mg nasal spray",
        "Narcan",
        "naloxegol",
        "naldemedine",
        "nalmefene",
        "olanzapine/samidorphan",
        "loperamide 2 mg",
        "Lomotil (diphenoxylate/atropine)",
        "eluxadoline",
        "difelikefalin",
        "difenoxin",
        "dextromethorphan / quinidine",
        "noscapine",
        "pholcodine linctus",
        "celecoxib 200 mg",
        "ibuprofen",
    ],
)
def test_words_on_the_deny_list_and_strangers_are_nothing(text: str) -> None:
    assert named(text) is None


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (RXNORM, "29899"),  # methylnaltrexone
        (RXNORM, "1659743"),  # its injection
        (RXNORM, NALOXONE),
        (RXNORM, "6468"),  # loperamide
        (RXNORM, "3500"),  # diphenoxylate
        (RXNORM, "1551777"),  # naloxegol
        (RXNORM, "33431"),  # pholcodine
        (ATC, "A06AH01"),  # methylnaltrexone
        (ATC, "V03AB15"),  # naloxone
        (ATC, "A07DA03"),  # loperamide
        (SNOMED, "372890007"),  # naloxone
    ],
)
def test_codes_of_look_alikes_are_nothing_and_end_the_question(system: str, code: str) -> None:
    assert named("", code, system=system) is None
    assert named("naltrexone 4.5 mg", code, system=system) is None
    assert named("oxycodone", code, system=system) is None


def test_text_beside_a_denied_word_still_counts() -> None:
    assert opioid_of("buprenorphine/naloxone 8-2 mg film") == ("buprenorphine", "two-week")
    assert opioid_of("oxycodone and naloxone ER") == ("oxycodone", "long-acting")
    assert opioid_of("tilidine with naloxone") == ("tilidine", "short-acting")


def test_buprenorphine_text_on_a_naloxone_code_is_not_buprenorphine() -> None:
    assert named("buprenorphine/naloxone", NALOXONE) is None


def test_the_code_decides_and_disagreeing_words_are_kept() -> None:
    text = "Buprenorphine / Naltrexone"
    drug = named(text, BUPRENORPHINE)
    assert drug is not None
    assert (drug.name, drug.naltrexone, drug.by) == ("buprenorphine", None, "code")
    assert drug.disagreeing_text == text


def test_the_label_beside_disagreeing_words_is_the_codes_display_or_our_name() -> None:
    text = "Buprenorphine / Naltrexone"
    for display, label in (
        ("Buprenorphine 8 MG", "Buprenorphine 8 MG"),
        (text, "buprenorphine"),
        ("", "buprenorphine"),
    ):
        drug = named(text, BUPRENORPHINE, display=display)
        assert drug is not None
        assert (drug.label, drug.disagreeing_text) == (label, text)
    only_display = named("", BUPRENORPHINE, display=text)
    assert only_display is not None
    assert (only_display.label, only_display.disagreeing_text) == ("buprenorphine", text)


def test_words_that_name_the_same_drug_do_not_disagree() -> None:
    for text, code in (
        ("Suboxone", BUPRENORPHINE),
        ("Buprenorphine HCl / naloxone", BUPRENORPHINE),
        ("take under the tongue", BUPRENORPHINE),
        ("", BUPRENORPHINE),
        ("Embeda (morphine / naltrexone)", "863849"),
        ("opioid", OXYCODONE),
    ):
        drug = named(text, code)
        assert drug is not None
        assert drug.disagreeing_text == ""


def test_another_opioid_in_the_words_is_mentioned() -> None:
    drug = named("morphine sulfate", "6813")
    assert drug is not None
    assert (drug.name, drug.disagreeing_text) == ("methadone", "morphine sulfate")


def test_text_counts_where_no_code_is_known() -> None:
    drug = named("oxycodone 5 mg", "123", system="http://example.org/local")
    assert drug is not None
    assert (drug.name, drug.by) == ("oxycodone", "text")


def test_a_display_counts_where_the_text_says_nothing() -> None:
    drug = named("see sig", "123", system="urn:local", display="HYDROcodone-Acetaminophen 5-325 MG")
    assert drug is not None
    assert opioid_names(drug) == ["hydrocodone"]


def test_several_codings_of_one_product_are_united() -> None:
    drug = named("", NALOXONE, BUPRENORPHINE)
    assert drug is not None
    assert opioid_names(drug) == ["buprenorphine"]


def test_an_ingredient_beside_its_product_does_not_change_the_products_class() -> None:
    for codes in ((OXYCODONE, "1049621"), ("1049621", OXYCODONE)):  # oxycodone 5 mg oral tablet
        assert opioid_of("", *codes) == ("oxycodone", "short-acting")


@pytest.mark.parametrize(
    "word",
    [
        "non-opioid analgesic",
        "opioid antagonist",
        "opioid antagonists",
        "narcotic antagonist",
        "narcotic reversal",
        "no opioids",
        "opioid-free plan",
        "not an opioid",
        "opioid agreement",
        "Narcotic contract signed",
        "Fentanyl test strips",
        "Fentanyl test strip, box of 10",
    ],
)
def test_phrases_that_deny_an_opioid_are_no_opioid(word: str) -> None:
    assert named(word) is None


def test_a_phrase_that_names_no_drug_leaves_the_rest_of_the_record_to_speak() -> None:
    drug = named("per opioid agreement", "123", system="urn:local", display="oxycodone 5 mg tablet")
    assert drug is not None
    assert opioid_names(drug) == ["oxycodone"]
    assert opioid_of("fentanyl patch; fentanyl test strips given") == ("fentanyl", "long-acting")
    assert opioid_of("opioids (opioid agreement signed)")[1] == "kind-unknown"


@pytest.mark.parametrize(
    ("text", "name", "washout"),
    [
        ("MST Continus 30 mg", "morphine", "long-acting"),
        ("Oxynorm", "oxycodone", "short-acting"),
        ("Zamadol", "tramadol", "short-acting"),
        ("Zamadol SR", "tramadol", "long-acting"),
        ("Hycet", "hydrocodone", "short-acting"),
        ("HYDROMET syrup", "hydrocodone", "short-acting"),
        ("Magnacet 5/400", "oxycodone", "short-acting"),
        ("Combunox", "oxycodone", "short-acting"),
        ("Rybix ODT", "tramadol", "short-acting"),
        ("Oxy IR", "oxycodone", "short-acting"),
        ("Cassipa", "buprenorphine", "two-week"),
        ("Mitigo", "morphine", "short-acting"),
        ("Dilaudid 2 mg", "hydromorphone", "short-acting"),
        ("Kadian", "morphine", "long-acting"),
        ("Tuxarin ER", "codeine", "long-acting"),
        ("Tuzistra (codeine and chlorpheniramine)", "codeine", "long-acting"),
        ("Opana", "oxymorphone", "long-acting"),
        ("Lortab Elixir", "hydrocodone", "short-acting"),
        ("Tramacet", "tramadol", "short-acting"),
        ("Zapain", "codeine", "short-acting"),
        ("Solpadol", "codeine", "short-acting"),
        ("Longtec", "oxycodone", "long-acting"),
        ("RMS suppository", "morphine", "short-acting"),
        ("Morphin", "morphine", "long-acting"),
        ("Tramadolum", "tramadol", "long-acting"),
        ("Dihydrocodein", "dihydrocodeine", "short-acting"),
    ],
)
def test_brands_and_spellings_are_known_as_words(text: str, name: str, washout: str) -> None:
    assert opioid_of(text) == (name, washout)


def test_a_brand_of_one_class_states_the_form_beside_an_ingredient_code() -> None:
    assert opioid_of("Tuxarin", "2670") == ("codeine", "long-acting")
    assert opioid_of("Roxicodone", OXYCODONE) == ("oxycodone", "short-acting")
    assert opioid_of("codeine", "2670") == ("codeine", "short-acting")


def test_a_name_of_two_formulas_is_both_opioids() -> None:
    drug = named("Panlor")
    assert drug is not None
    assert set(opioid_names(drug)) == {"dihydrocodeine", "hydrocodone"}


@pytest.mark.parametrize(
    "text",
    [
        "Vortex holding chamber",
        "lorazepam to allay anxiety",
        "clear liquids until 10 p.m., clear urine",
        "hydrocortisone max HC",
        "Tussar DM",
        "Cheratussin DM",
    ],
)
def test_words_that_hold_a_brand_by_accident_are_nothing(text: str) -> None:
    assert named(text) is None


@pytest.mark.parametrize(
    "word",
    [
        "opioid",
        "Opioid NOS",
        "opiates",
        "narcotic analgesic",
        "kratom powder",
        "mitragynine",
        "7-OH tablets",
        "7-hydroxymitragynine",
    ],
)
def test_class_words_and_kratom_are_an_opioid_of_unknown_kind(word: str) -> None:
    assert opioid_of(word)[1] == "kind-unknown"


def test_a_class_word_beside_a_known_drug_adds_nothing() -> None:
    drug = named("naltrexone 4.5 mg (do not take with opioids)")
    assert drug is not None
    assert drug.opioids == ()
    assert named("naloxone for opioid overdose") is None


def test_words_are_whole_words() -> None:
    for text in ("oxycodoneish", "xmorphine", "codeines", "benzoldnium"):
        assert named(text) is None


@pytest.mark.parametrize(
    ("text", "codes", "washout"),
    [
        # A product code decides.
        ("", ("857002",), "short-acting"),  # acetaminophen 325 / hydrocodone 5 tablet
        ("", ("1049621",), "short-acting"),  # oxycodone 5 mg tablet
        ("", ("894933",), "long-acting"),  # morphine extended release capsule
        ("", ("1946525",), "long-acting"),  # tramadol 24 HR
        ("", ("1053658",), "short-acting"),  # fentanyl sublingual tablet
        ("", ("197873",), "long-acting"),  # levorphanol
        ("", ("1731986",), "long-acting"),  # liposomal morphine
        ("", ("238129",), "two-week"),  # buprenorphine injection
        ("", ("2639027",), "depot"),  # Brixadi
        ("", ("1597573",), "two-week"),  # buprenorphine / naloxone sublingual tablet
        # A code without a dose form leaves it unknown: long-acting where an extended-release form exists.
        ("", (OXYCODONE,), "long-acting"),
        ("", ("1049562",), "long-acting"),  # oxycodone 20 mg, a component
        ("", ("1182579",), "long-acting"),  # Roxicodone Oral Product, a grouper
        ("", ("10689",), "long-acting"),
        ("", ("2670",), "short-acting"),
        ("", ("6754",), "short-acting"),
        # Combinations with acetaminophen, aspirin or ibuprofen are immediate-release tablets.
        ("", ("1110483",), "short-acting"),  # acetaminophen / oxycodone, a component
        ("", ("857006",), "short-acting"),  # acetaminophen / hydrocodone [Norco], a component
        ("hydrocodone-acetaminophen 5/325", (), "short-acting"),
        ("Percocet", (), "short-acting"),
        ("Norco 5/325", (), "short-acting"),
        ("tramadol + paracetamol", (), "short-acting"),
        ("hydrocodone/acetaminophen", ("5489",), "short-acting"),
        ("Xartemis XR (oxycodone/acetaminophen ER)", (), "long-acting"),
        # Text that states the form.
        ("oxycodone", (), "long-acting"),
        ("oxycodone IR 5 mg", (), "short-acting"),
        ("oxycodone IR 5 mg", (OXYCODONE,), "short-acting"),
        ("oxycodone immediate release", (), "short-acting"),
        ("morphine ER", (OXYCODONE, MORPHINE)[1:], "long-acting"),
        ("codeine sustained release", (), "long-acting"),
        ("codeine cough syrup", (), "short-acting"),
        ("fentanyl", (), "long-acting"),
        ("fentanyl patch 25 mcg/h", (), "long-acting"),
        ("fentanyl 50 mcg/mL injection", (), "short-acting"),
        ("fentanyl intranasal", (), "short-acting"),
        ("Duragesic", (), "long-acting"),
        ("levorphanol IR", (), "long-acting"),
        # Methadone and buprenorphine are what they are in any form but a depot.
        ("methadone IR 10 mg", (), "two-week"),
        ("levomethadone", (), "two-week"),
        ("Butrans patch, weekly", (), "two-week"),
        ("buprenorphine sublingual", (), "two-week"),
        ("Sublocade", (), "depot"),
        ("buprenorphine extended-release injection monthly", (), "depot"),
        ("buprenorphine implant", (), "depot"),
        ("Sublocade 300 mg", (BUPRENORPHINE,), "depot"),
    ],
)
def test_the_washout_class_follows_the_form_that_is_stated(text: str, codes: tuple[str, ...], washout: str) -> None:
    assert opioid_of(text, *codes)[1] == washout


def test_fentanyl_under_the_anaesthetic_atc_code_is_an_injection() -> None:
    assert opioid_of("", "N01AH01", system=ATC) == ("fentanyl", "short-acting")
    assert opioid_of("", "N02AB03", system=ATC) == ("fentanyl", "long-acting")


def test_atc_combinations_with_paracetamol_are_short_acting() -> None:
    assert opioid_of("", "N02AJ17", system=ATC) == ("oxycodone", "short-acting")
    assert opioid_of("", "n02aj13", system=ATC) == ("tramadol", "short-acting")


def test_atc_codes_are_matched_exactly_and_not_by_prefix() -> None:
    for code in ("N02A", "R05DA07", "R05DA09", "N07BC"):  # classes, noscapine, dextromethorphan
        assert named("", code, system=ATC) is None


@pytest.mark.parametrize(
    ("text", "codes", "strength", "per_ml"),
    [
        ("naltrexone 4.5 mg capsule", (), 4.5, None),
        ("LDN 1.5mg caps", (), 1.5, None),
        ("naltrexone HCl 50 MG Oral Tablet", (), 50, None),
        ("naltrexone 4,500 mcg", (), 4.5, None),
        ("naltrexone 4,5 mg", (), 4.5, None),
        ("naltrexone .5 mg", (), 0.5, None),
        ("naltrexone 1 mg/mL suspension", (), None, 1),
        ("naltrexone 50 mg/50 mL compounded suspension", (), None, 1),
        ("naltrexone 5 mg per 5 ml", (), None, 1),
        ("naltrexone", (), None, None),
        ("naltrexone 1.5-4.5 mg titration", (), None, None),
        ("naltrexone 1.5 mg then 3 mg then 4.5 mg", (), None, None),
        ("naltrexone 4.5 mg from 50 mg tablet", (), 50, None),
        ("LDN 4.5", (), None, None),
        ("LDN 3 mg", (NALTREXONE,), 3, None),
        ("ten times 4.5 mg", ("1483744",), 50, None),  # the code says 50 mg tablet
        ("naltrexone 8 mg / bupropion 90 mg", (), 8, None),
        ("bupropion 90 mg and naltrexone 8 mg", (), 8, None),
    ],
)
def test_the_strength_is_the_codes_else_the_one_that_the_text_states(
    text: str, codes: tuple[str, ...], strength: float | None, per_ml: float | None
) -> None:
    found = naltrexone_of(text, *codes)
    assert (found.strength_mg, found.strength_mg_per_ml) == (strength, per_ml)


@pytest.mark.parametrize(
    ("text", "codes", "product"),
    [
        ("naltrexone", (), "unspecified"),
        ("naltrexone 50 mg tablet", (), "oral"),
        ("ReVia", (), "oral"),
        ("", ("1483744",), "oral"),
        ("Vivitrol", (), "er-injectable"),
        ("naltrexone 380 mg", (), "er-injectable"),
        ("naltrexone IM monthly", (), "er-injectable"),
        ("", ("637213",), "er-injectable"),
        ("naltrexone implant", (), "er-injectable"),
        ("", ("2045327",), "er-injectable"),
        ("Contrave", (), "nb-combo"),
        ("naltrexone/bupropion ER", (), "nb-combo"),
        ("", ("1551468",), "nb-combo"),
        ("", (NALTREXONE, "42347"), "nb-combo"),
    ],
)
def test_the_product_is_told_apart(text: str, codes: tuple[str, ...], product: str) -> None:
    assert naltrexone_of(text, *codes).product == product


def test_bupropion_alone_is_nothing() -> None:
    assert named("bupropion XL 150 mg") is None
    assert named("", "42347") is None


def test_low_dose_and_compounded_are_read_off_the_words_or_the_product() -> None:
    assert naltrexone_of("LDN").low_dose_cue
    assert naltrexone_of("low-dose naltrexone").low_dose_cue
    assert naltrexone_of("Naltrexone (low dose) capsule").low_dose_cue
    assert naltrexone_of("", "2628878").low_dose_cue
    assert not naltrexone_of("naltrexone 50 mg").low_dose_cue
    assert naltrexone_of("naltrexone 3 mg, compounded").compounded
    assert naltrexone_of("compounding: naltrexone 3 mg").compounded
    assert not naltrexone_of("naltrexone 3 mg").compounded


@pytest.mark.parametrize("text", ["warfarin 5 mg tablet", "Eliquis", "rivaroxaban", "Savaysa"])
def test_anticoagulants_are_known_since_they_move_the_inr(text: str) -> None:
    drug = named(text)
    assert drug is not None
    assert drug.anticoagulant
    assert (drug.opioids, drug.naltrexone) == ((), None)


def test_anticoagulant_codes_are_known() -> None:
    for system, code in ((RXNORM, "11289"), (RXNORM, "1364430"), (ATC, "B01AA03"), (ATC, "B01AF03")):
        drug = named("", code, system=system)
        assert drug is not None
        assert drug.anticoagulant


def test_the_label_is_what_the_record_says() -> None:
    drug = identify(Concept((Coding(RXNORM, OXYCODONE, "Oxycodone (display)"),), "Oxy 5 in the morning"))
    assert drug is not None
    assert (drug.name, drug.label) == ("oxycodone", "Oxy 5 in the morning")


@pytest.mark.parametrize(
    ("code", "label"), [(OXYCODONE, "oxycodone"), (NALTREXONE, "naltrexone"), ("11289", "warfarin")]
)
def test_a_record_without_words_is_labelled_with_the_drugs_name(code: str, label: str) -> None:
    drug = named("", code)
    assert drug is not None
    assert drug.label == label


WILD_CODES = st.builds(
    Coding,
    st.sampled_from([RXNORM, SNOMED, ATC, "", "urn:oid:2.16.840.1.113883.6.88", "http://example.org"]),
    st.one_of(st.text(max_size=12), st.sampled_from([NALTREXONE, NALOXONE, MORPHINE, "863849", "29899", "N02AA56"])),
    st.text(max_size=20),
)
WILD_TEXT = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["naltrexone", "methyl", "Embeda", "morphine", "4.5", "mg", "/", "-", "mL", "LDN", "ER", "opioid", "1,500"]
        ),
        max_size=8,
    ).map(" ".join),
)


@given(st.lists(WILD_CODES, max_size=4), WILD_TEXT)
@example([], "naltrexone 0 mg/0 mL")
@example([], "mg/ per mL naltrexone 1.mg ,5 mg")
def test_any_words_and_codes_give_one_answer_that_is_never_both_opioid_and_naltrexone(
    codings: list[Coding], text: str
) -> None:
    drug = identify(Concept(tuple(codings), text))
    assert drug is None or sum((bool(drug.opioids), drug.naltrexone is not None, drug.anticoagulant)) == 1
