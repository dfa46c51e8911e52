"""The script that makes the value sets, run on small tables of the shape that it documents."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_terminology.py"
CM = "http://hl7.org/fhir/sid/icd-10-cm"
SCT = "http://snomed.info/sct"

TABLES = {
    "opioid_ingredients.csv": (
        "rxcui,tty,name,synonyms_brands,atc,snomed_substance,counts_as_opioid,notes,verified",
        "7804,IN,oxycodone,OxyContin; Percocet,N02AA05;N02AJ17,55452001,yes,,yes",
        "82063,PIN,oxycodone hydrochloride,salt/ester of oxycodone (7804),N02AA05,,yes,,yes",
        "6468,IN,loperamide,Imodium,A07DA03,,peripheral,,yes",
        ",,mitragynine,kratom,,,yes-text,,no",
    ),
    "opioid_products.csv": (
        "rxcui,display,tty_inferred,ingredient_name,route,duration,counts_as_opioid,contains_naltrexone,verified",
        "1,acetaminophen 325 MG / oxycodone 5 MG Oral Tablet [Percocet],SBD,oxycodone,oral,short-acting,yes,no,yes",
        "2,Percocet,BN,oxycodone,,short-acting,yes,no,yes",
        "3,oxycodone 5 MG,SCDC,oxycodone,,short-acting,yes,no,yes",
        "4,oxycodone 5 MG Oral Tablet,SCD,oxycodone,oral,short-acting,yes,no,yes",
        "5,oxycodone from memory,SCD,oxycodone,oral,short-acting,yes,no,no",
        "6,loperamide 2 MG Oral Tablet,SCD,loperamide,oral,short-acting,peripheral,no,yes",
    ),
    "naltrexone_products.csv": (
        "code,display,tty_inferred,product_class,is_naltrexone,strength_mg,verified",
        "7243,Naltrexone,IN,ingredient,yes,,yes",
        "10,naltrexone 4.5 MG Oral Capsule,SCD,low-dose-oral,yes,4.5,partial",
        "11,morphine / naltrexone Capsule,SCD,abuse-deterrent-opioid-combination,yes,4,yes",
        "29899,methylnaltrexone,IN,peripheral-antagonist,no,,yes",
        "ATC:N07BB04,naltrexone,ATC,ingredient,yes,,yes",
        r",(?i)\bvivitrol\b,text-regex,ER-injection-380mg,yes,,n/a",
    ),
    "conditions.csv": (
        "system,code,display,match_type,group,subgroup,verified",
        f"{CM},Z34,Encounter for supervision of normal pregnancy,ICD prefix,pregnancy,,yes",
        f"{CM},Z32.01,Encounter for pregnancy test,exact,pregnancy,test-positive,yes",
        f'{CM},K72,"Hepatic failure, not elsewhere classified",ICD prefix,cirrhosis-decompensated,hepatic failure,yes',
        f"{CM},R52,Pain,exact,pain-unspecified,,yes",
        f"{SCT},77386006,Pregnant (finding),SNOMED with descendants,pregnancy,,yes",
        f"{SCT},53881005,Gravida 0 (finding),exact,pregnancy,,yes",
        f"{SCT},19943007,Cirrhosis of liver (disorder),exact,cirrhosis-compensated-or-unspecified,,no",
    ),
    "observations.csv": (
        "system,code,display,group,kind,ucum_unit,verified",
        "http://loinc.org,1742-6,Alanine aminotransferase,ALT,observation,U/L,yes",
        "http://loinc.org,LA6576-8,Positive,answer-positive,answer,,yes",
        "http://loinc.org,24325-3,from memory,panel-hepatic,observation,,no",
        "http://loinc.org,2160-0,Creatinine,creatinine,observation,mg/dL,yes",
        "http://loinc.org,21431-2,Opiates [Presence] in Urine by Screen method &gt;2000 ng/mL,"
        "urine-drug-screen-opiates,exclude,,yes",
        "http://loinc.org,19299-7,Opiates cutoff [Mass/volume] in Urine for Screen method,"
        "urine-drug-screen-opiates,exclude,ng/mL,yes",
        "http://loinc.org,19301-1,Opiates screen method [Identifier] in Urine,urine-drug-screen-opiates,exclude,,yes",
        "http://loinc.org,19591-7,Deprecated 6-Monoacetylmorphine [Presence] in Urine by Screen method,"
        "urine-drug-screen-heroin,exclude,,yes",
        "http://loinc.org,19609-7,Naltrexone [Presence] in Urine by Screen method,urine-naltrexone,exclude,,yes",
    ),
    "procedures.csv": (
        "system,code,display,match_type,group,verified",
        f"{SCT},116141005,Abdominal hysterectomy (procedure),exact,surgery-gynaecological,yes",
        f"{SCT},41059002,Cesarean hysterectomy (procedure),exact,surgery-gynaecological,yes",
        f"{SCT},12894003,Functional endoscopic sinus surgery (procedure),exact,surgery-eye-local,yes",
        f"{SCT},73761001,Colonoscopy from the table,exact,surgery-major,yes",
        f"{SCT},394609007,Surgery-general,exact,practice-specialty,yes",
    ),
    "allergy.csv": (
        "system,code,display,group,where,verified",
        f"{SCT},294276006,Naltrexone allergy,naltrexone-allergy,code,yes",
        f"{SCT},292737005,Naltrexone adverse reaction,naltrexone-allergy,code,no",
        f"{SCT},716186003,No known allergy,no-known-allergy,code,yes",
        "http://hl7.org/fhir/x,active,active,clinicalStatus,clinicalStatus,yes",
    ),
    "first_line_drugs.csv": (
        "rxcui,display,tty_inferred,ingredient_name,atc,snomed_substance,brands,verified",
        "72625,duloxetine,IN,duloxetine,N06AX21,407032004,Cymbalta; Drizalma,yes",
        "596926,duloxetine 20 MG Delayed Release Oral Capsule,SCD,duloxetine,,,,yes",
        "4493,fluoxetine,IN,fluoxetine,N06AB03,,Prozac,yes",
    ),
    "dose_units.csv": (
        "kind,unit,dimension,factor,base_unit,verified",
        "UCUM,mg,mass,1,mg,yes",
        "RxNorm-name,MG,mass,1,mg,yes",
        "free-text,unit,count,,,yes",
    ),
}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, lines in TABLES.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A copy of the script and its modules, to add modules to."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    shutil.copytree(SCRIPT.parent / "value_sets", folder / "value_sets", ignore=shutil.ignore_patterns("__pycache__"))
    return Path(shutil.copy(SCRIPT, folder))


def build(*arguments: str | Path, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def built(tables: Path, out: Path) -> dict[str, dict[str, dict[str, str]]]:
    """File name -> first cell that is not a system -> row."""
    result = build(tables, "--out", out)
    assert result.returncode == 0, result.stderr
    found = {}
    for path in out.iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        key = "code" if "code" in rows[0] else next(iter(rows[0]))
        found[path.name] = {row[key]: row for row in rows}
    return found


def test_running_it_again_gives_the_same_bytes(tables: Path, tmp_path: Path) -> None:
    built(tables, tmp_path / "one")
    built(tables, tmp_path / "two")
    first = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert len(first) == 17
    assert first == second


def test_the_order_of_the_tables_lines_does_not_matter(tables: Path, tmp_path: Path) -> None:
    built(tables, tmp_path / "one")
    for path in tables.iterdir():
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([header, *reversed(lines)]) + "\n", encoding="utf-8")
    built(tables, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_the_folder_of_tables_must_be_named() -> None:
    result = build()
    assert result.returncode == 2
    assert "TABLES_DIR" in result.stderr


def test_unverified_rows_are_left_out_and_partial_ones_kept(tables: Path, tmp_path: Path) -> None:
    found = built(tables, tmp_path / "out")
    assert "5" not in found["opioids.csv"]
    assert "19943007" not in found["conditions.csv"]
    assert "10" in found["naltrexone.csv"]


def test_the_rulebook_wins_over_the_tables_group(tables: Path, tmp_path: Path) -> None:
    conditions = built(tables, tmp_path / "out")["conditions.csv"]
    assert conditions["Z34"]["group"] == "pregnancy"
    assert conditions["Z32.01"]["group"] == "pregnancy-test-positive"
    assert "K72" not in conditions
    assert conditions["K72.0"]["group"] == "acute-liver-injury;liver-failure"
    assert conditions["53881005"]["group"] == "obstetric-other"
    assert "R52" not in conditions


def test_the_form_decides_the_washout_and_an_unknown_form_is_long_acting(tables: Path, tmp_path: Path) -> None:
    found = built(tables, tmp_path / "out")
    washouts = {code: row["washout"] for code, row in found["opioids.csv"].items()}
    assert (washouts["1"], washouts["2"], washouts["3"], washouts["4"]) == (
        "short-acting",
        "short-acting",  # every product of the brand is a combination
        "long-acting",  # a component: no form
        "short-acting",
    )
    assert (washouts["7804"], washouts["N02AA05"], washouts["N02AJ17"]) == (
        "long-acting",
        "long-acting",
        "short-acting",
    )
    assert washouts["6"] == washouts["6468"] == "not-counted"
    words = {word: row["washout"] for word, row in found["drug_words.csv"].items()}
    assert (words["percocet"], words["oxycontin"]) == ("short-acting", "long-acting")


def add_products(tables: Path, *lines: str) -> None:
    with (tables / "opioid_products.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_a_brand_in_brackets_is_a_word_with_the_class_of_its_products(tables: Path, tmp_path: Path) -> None:
    add_products(
        tables,
        "20,oxycodone 5 MG Oral Tablet [Instoxy],SBD,oxycodone,oral,short-acting,yes,no,yes",
        "21,oxycodone 5 MG [Instoxy],SBDC,oxycodone,,short-acting,yes,no,yes",
        "22,12 HR oxycodone 10 MG Extended Release Oral Tablet [Slowoxy],SBD,oxycodone,oral,long-acting,yes,no,yes",
        "23,oxycodone 5 MG Oral Tablet [Bothoxy],SBD,oxycodone,oral,short-acting,yes,no,yes",
        "24,12 HR oxycodone 10 MG Extended Release Oral Tablet [Bothoxy],SBD,oxycodone,oral,long-acting,yes,no,yes",
        "25,Formless,BN,oxycodone,,short-acting,yes,no,yes",
    )
    words = built(tables, tmp_path / "out")["drug_words.csv"]
    said = {
        word: (words[word]["washout"], words[word]["form"]) for word in ("instoxy", "slowoxy", "bothoxy", "formless")
    }
    assert said == {
        "instoxy": ("short-acting", "stated"),
        "slowoxy": ("long-acting", "stated"),
        "bothoxy": ("long-acting", ""),
        "formless": ("long-acting", ""),
    }
    assert (words["instoxy"]["drug"], words["instoxy"]["source"]) == ("oxycodone", "product")


def test_an_ambiguous_brand_is_no_word_and_keeps_its_code(tables: Path, tmp_path: Path) -> None:
    add_products(tables, "20,oxycodone 5 MG Oral Tablet [Vortex],SBD,oxycodone,oral,short-acting,yes,no,yes")
    found = built(tables, tmp_path / "out")
    assert "vortex" not in found["drug_words.csv"]
    assert "20" in found["opioids.csv"]


def test_a_longer_brand_that_says_the_same_as_a_shorter_one_is_left_out(tables: Path, tmp_path: Path) -> None:
    add_products(
        tables,
        "20,oxycodone 5 MG Oral Tablet [Instoxy],SBD,oxycodone,oral,short-acting,yes,no,yes",
        "21,oxycodone 1 MG/ML Oral Solution [Instoxy Elixir],SBD,oxycodone,oral,short-acting,yes,no,yes",
        "22,oxycodone 10 MG Oral Capsule [Instoxy Slow],SBD,oxycodone,oral,long-acting,yes,no,yes",
        "23,Instoxy Reformulated Oct 2007,BN,oxycodone,,short-acting,yes,no,yes",
    )
    words = built(tables, tmp_path / "out")["drug_words.csv"]
    assert [word for word in words if word.startswith("instoxy")] == ["instoxy", "instoxy slow"]


def test_opioid_products_with_naltrexone_are_not_naltrexone(tables: Path, tmp_path: Path) -> None:
    naltrexone = built(tables, tmp_path / "out")["naltrexone.csv"]
    assert "11" not in naltrexone
    assert naltrexone["29899"]["product"] == "not-naltrexone"
    assert (naltrexone["10"]["strength_mg"], naltrexone["10"]["cue"]) == ("4.5", "low-dose")
    assert naltrexone["N07BB04"]["system"] == "http://www.whocc.no/atc"


def test_codes_checked_by_hand_come_with_their_checked_names(tables: Path, tmp_path: Path) -> None:
    observations = built(tables, tmp_path / "out")["observations.csv"]
    assert observations["24325-3"]["display"] == "Hepatic function 2000 panel - Serum or Plasma"
    assert "2157-6" in observations
    assert "2160-0" not in observations


def test_a_screen_is_a_result_and_its_cutoff_its_method_and_a_deprecated_code_are_none(
    tables: Path, tmp_path: Path
) -> None:
    observations = built(tables, tmp_path / "out")["observations.csv"]
    assert observations["21431-2"]["display"] == "Opiates [Presence] in Urine by Screen method >2000 ng/mL"
    assert observations["21431-2"]["kind"] == "observation"
    assert not {"19299-7", "19301-1", "19591-7", "19609-7"} & set(observations)


def test_procedures_are_operations_or_none_and_say_what_they_mean_for_a_pregnancy(tables: Path, tmp_path: Path) -> None:
    groups = {code: row["group"] for code, row in built(tables, tmp_path / "out")["procedures.csv"].items()}
    assert groups["116141005"] == "conception-unlikely;surgery;uterus-absent"
    assert groups["41059002"] == "conception-unlikely;pregnancy-ended-delivery;surgery;uterus-absent"
    assert groups["12894003"] == "minor"
    assert groups["73761001"] == "minor"  # near-miss 3 of rule 31 wins over the table
    assert "394609007" not in groups


def test_allergies_and_first_line_drugs_are_kept_where_a_rule_asks_for_them(tables: Path, tmp_path: Path) -> None:
    found = built(tables, tmp_path / "out")
    assert set(found["allergies.csv"]) == {"294276006", "716186003"}
    assert {code: row["name"] for code, row in found["first_line.csv"].items()} == {
        "72625": "duloxetine",
        "596926": "duloxetine",
        "N06AX21": "duloxetine",
        "407032004": "duloxetine",
    }
    assert {"duloxetine", "cymbalta", "drizalma"} <= set(found["first_line_words.csv"])


def test_a_unit_with_two_meanings_stops_the_script(tables: Path, tmp_path: Path) -> None:
    with (tables / "dose_units.csv").open("a", encoding="utf-8") as file:
        file.write("free-text,Mg,mass,1000000000,mg,yes\n")
    result = build(tables, "--out", tmp_path / "out")
    assert result.returncode != 0
    assert "two meanings" in result.stderr


def made_of_one_word(file: str) -> str:
    return (
        "from value_sets.tables import ValueSet\n\n"
        f'FILES = {{"{file}": ValueSet(("word", "group"), lambda tables: [("synthetic", "new")])}}\n'
    )


def test_a_new_module_makes_its_file_and_changes_no_other(tables: Path, script: Path, tmp_path: Path) -> None:
    before = built(tables, tmp_path / "before")
    (script.parent / "value_sets" / "zz_new.py").write_text(made_of_one_word("aa_new.csv"), encoding="utf-8")
    result = build(tables, "--out", tmp_path / "after", script=script)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "after" / "aa_new.csv").read_text(encoding="utf-8") == "word,group\nsynthetic,new\n"
    for name in before:
        assert (tmp_path / "after" / name).read_bytes() == (tmp_path / "before" / name).read_bytes()


def test_two_modules_that_make_one_file_stop_the_script(tables: Path, script: Path, tmp_path: Path) -> None:
    (script.parent / "value_sets" / "zz_new.py").write_text(made_of_one_word("units.csv"), encoding="utf-8")
    result = build(tables, "--out", tmp_path / "out", script=script)
    assert result.returncode == 1
    assert "units.csv stands in two modules of value_sets: units and zz_new" in result.stderr
    assert not (tmp_path / "out").exists()


def correction(code: str) -> str:
    return f'CORRECTIONS = {{("{CM}", "{code}", "exact"): ("Synthetic", ("new-group",))}}\n'


def test_a_new_module_of_corrections_corrects_the_table(tables: Path, script: Path, tmp_path: Path) -> None:
    corrections = script.parent / "value_sets" / "condition_corrections"
    (corrections / "zz_new.py").write_text(correction("R52"), encoding="utf-8")
    result = build(tables, "--out", tmp_path / "out", script=script)
    assert result.returncode == 0, result.stderr
    assert f"{CM},R52,Synthetic,exact,new-group\n" in (tmp_path / "out" / "conditions.csv").read_text(encoding="utf-8")


def test_a_code_that_is_corrected_twice_stops_the_script(tables: Path, script: Path, tmp_path: Path) -> None:
    corrections = script.parent / "value_sets" / "condition_corrections"
    (corrections / "zz_new.py").write_text(correction("Z32.01"), encoding="utf-8")
    result = build(tables, "--out", tmp_path / "out", script=script)
    assert result.returncode == 1
    assert "stands in two modules of value_sets.condition_corrections: pregnancy and zz_new" in result.stderr
