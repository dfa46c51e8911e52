"""Routes of administration, by code and by words."""

from collections.abc import Iterator

from cds_service.terminology.systems import ROUTE, SNOMED
from value_sets.tables import Line, ValueSet

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


def route_word_lines() -> Iterator[Line]:
    for group, phrases in ROUTE_WORDS.items():
        for phrase in phrases:
            yield phrase, group, "whole text" if phrase in ROUTE_WORDS_ALONE else ""


FILES = {
    "route_words.csv": ValueSet(("phrase", "group", "where"), lambda _: route_word_lines()),
    "routes.csv": ValueSet(("system", "code", "display", "group"), lambda _: ROUTES),
}
