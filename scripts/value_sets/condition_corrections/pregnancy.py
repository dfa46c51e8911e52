"""Rule 9: pregnancy, its tests and its end."""

from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
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
}
