"""Play an EHR whose FHIR server and key set misbehave in a way that can be chosen.

It serves the record of a case, moved to the present day, to this machine only, until told to stop. Each fault has a
FHIR base of its own, so that many can be tried at once.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json, port


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--list", action="store_true", help="list the faults, and what a careful client makes of each")
    parser.add_argument("--fault", metavar="NAME", default="honest", help="the fault of the base /fhir (default: none)")
    parser.add_argument(
        "--on",
        metavar="DATA",
        default="all",
        help="comma list of prefetch keys or resource types that have it, such as medRequests,labs (default: all)",
    )
    parser.add_argument(
        "--case",
        metavar="FOLDER",
        default="",
        help="whose record is served: a case folder, also one that was shipped (default: a patient on oxycodone)",
    )
    parser.add_argument("--port", type=port, default=9090, help="port to listen on, 0 for a free one (default: 9090)")
    as_json(parser, "print addresses and faults as JSON")


def run(asked: Namespace) -> int:
    from cds_service.cli.hostile_ehr import hostile_ehr, list_faults

    if asked.list:
        return list_faults(as_json=asked.json)
    return hostile_ehr(asked.fault, asked.on, asked.case, asked.port, as_json=asked.json)
