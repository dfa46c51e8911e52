"""Read cards, numbers, order set and a site's changes as a start would; start nothing.

What cannot be used is named with file, line and field.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--cards", metavar="DIR", default="", help="folder of cards (default: CDS_CARDS_DIR, else those shipped)"
    )
    parser.add_argument(
        "--site", metavar="FILE", default="", help="a site's changes (default: CDS_SITE_FILE, else site.toml there)"
    )
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.content_check import check_content

    return check_content(asked.cards, asked.site, as_json=asked.json)
