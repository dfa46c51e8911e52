"""Answer one request file and show the cards; no server is started."""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json, day


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a request (JSON), or a case folder, also one that was shipped such as opioid-active/silent-c01-baseline; "
        "a server.json beside the request answers reads of the record",
    )
    parser.add_argument(
        "--today",
        type=day,
        metavar="DATE",
        help="the day to judge on, YYYY-MM-DD (default: as_of of an expected.json beside the request, else today)",
    )
    as_json(parser, "print the answer as it would go over the wire")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say also what was looked at, and why each rule did or did not fire",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default="",
        help="dress the cards for this kind of client, such as epic or oracle (default: CDS_PROFILE, else standard)",
    )


def run(asked: Namespace) -> int:
    from cds_service.cli.call import call

    return call(asked.file, asked.today, as_json=asked.json, explain=asked.explain, profile=asked.profile)
