"""Compare the prefetch of a recorded call with what its FHIR server says now.

For each prefetch key: whether it came, was null, absent, failed or had another name; which resources only one side has,
and which elements of a resource differ. Names of resources and elements are shown, never what is in them.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json


def options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a recorded call (JSON), or a case folder")
    parser.add_argument(
        "--server", default="", metavar="URL", help="FHIR base URL (default: fhirServer of the call); it alone is asked"
    )
    parser.add_argument(
        "--token-file",
        default="",
        metavar="FILE",
        help="file with the access token (default: that of the call, if it holds one)",
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to wait in all (default: 30)")
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.drift import drift

    return drift(asked.file, asked.server, asked.token_file, asked.seconds, as_json=asked.json)
