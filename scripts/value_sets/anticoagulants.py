"""Anticoagulants: for them INR is not scored in Child-Pugh (rulebook rule 14). Not in the tables."""

from cds_service.terminology.systems import ATC, RXNORM
from value_sets.tables import ValueSet

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


FILES = {
    "anticoagulants.csv": ValueSet(("system", "code", "display", "name"), lambda _: ANTICOAGULANTS),
}
