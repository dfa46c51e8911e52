"""The LDN-indication set (rulebook b.1): G89.* as written, IBD includes ulcerative colitis, every neuropathy."""

from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
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
    # The table lists the other codes below B02.2 one by one and lacks this.
    (ICD10CM, "B02.21", "exact"): ("Postherpetic geniculate ganglionitis", ("neuropathy",)),
}
