"""Delete stored cards, feedback and calls that are older than some days.

The database is that of CDS_DATABASE_URL; the service may go on meanwhile. There is no way back.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from cds_service.cli.arguments import as_json

_MOST_DAYS = 36_500


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--older-than", type=_days, metavar="DAYS", required=True, help="whole days; 0 deletes everything"
    )
    parser.add_argument("--tenant", metavar="NAME", help="only what is stored for this client (default: for all)")
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.forget import forget_older

    return forget_older(asked.older_than, asked.tenant, as_json=asked.json)


def _days(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) <= _MOST_DAYS:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a number of days from 0 to {_MOST_DAYS}")
