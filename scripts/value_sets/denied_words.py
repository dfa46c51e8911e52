"""Words that name no opioid and no naltrexone, though one is in them (rulebook b.1: whole words, case-folded)."""

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
