"""Stand between an EHR and a CDS service, and keep what passes as de-identified cases.

Calls and answers pass unchanged; access tokens pass too and are written nowhere. A hook call that was answered becomes
a case folder: only what this service reads is kept, ids are digests with a salt that is forgotten at the end, dates are
moved by a number of days of each patient's own, free text is dropped or cut down to words of the value sets. A case is
written only where its findings are still those of the original.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="URL", help="base URL (or discovery URL) of the CDS service")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the cases")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: only this machine)")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on (default: 8090; 0: any free one)")
    parser.add_argument("--calls", type=int, default=0, metavar="N", help="stop after N hook calls (default: Ctrl-C)")
    as_json(parser, "print a line of JSON for each exchange")


def run(asked: Namespace) -> int:
    from cds_service.cli.record import record

    return record(asked.to, asked.out, asked.host, asked.port, asked.calls, as_json=asked.json)
