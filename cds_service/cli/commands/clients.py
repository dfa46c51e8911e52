"""Try each client of a file of clients: are its keys reachable, do they fit, are its servers safe to ask?

Exit code 1 where one of them could not call.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json


def options(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("check",), help="what to do with it")
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="", help="file of clients (default: CDS_CLIENTS_FILE)"
    )
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.clients_check import check_clients

    return check_clients(asked.file, as_json=asked.json)
