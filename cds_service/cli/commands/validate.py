"""Judge files of CDS Hooks and FHIR: requests, answers, feedback, discovery, cases and resources.

What is wrong is named with its place in the file. The wire is held against the schemas of this service, resources
against the models of their FHIR release. What only this project asks of an answer is a warning.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json


def options(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="a JSON file, or a folder whose JSON files are judged")
    parser.add_argument(
        "--kind",
        choices=("request", "response", "feedback", "discovery", "expected", "server", "resource"),
        default="",
        help="what the file is (default: what it looks like)",
    )
    parser.add_argument(
        "--release",
        choices=("R4", "STU3", "DSTU2", "R5"),
        default="",
        help="FHIR release (default: what it looks like)",
    )
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.validation import validate

    return validate(asked.files, asked.kind, asked.release, as_json=asked.json)
