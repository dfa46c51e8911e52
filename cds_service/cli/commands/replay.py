"""Compare every case with what the service says, or two services with each other.

Each case is judged on its own day in this process, without network. With --url the calls go to a running service, and
all dates of a case are moved so that its day is today. In a difference, lines with - were expected (or came first) and
lines with + came (or came second). Another CDS service than this one is judged by topic, indicator, headline and text
where its cards have no org.ldn-cds extension; a note then says so.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json, count, day


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default="", help="folder of cases, or one case (default: those shipped)"
    )
    which = parser.add_argument_group("which cases")
    which.add_argument("--rule", action="append", default=[], help="only the cases of this rule; may be repeated")
    which.add_argument(
        "--tag",
        action="append",
        default=[],
        help="only cases with this tag: fires, silent, server, a shared case such as C02, or one of the tags in "
        "expected.json; repeated, a case needs all of them",
    )
    which.add_argument(
        "--release", choices=("R4", "STU3", "DSTU2", "R5"), default="", help="only cases of this release"
    )
    which.add_argument("--hook", action="append", default=[], help="only cases of this hook; may be repeated")
    whom = parser.add_argument_group("who is asked")
    whom.add_argument("--url", default="", help="base URL (or discovery URL) of a running CDS service")
    whom.add_argument(
        "--service",
        action="append",
        default=[],
        metavar="ID",
        help="with --url, call only this service (default: the first one offered for a hook); may be repeated",
    )
    whom.add_argument(
        "--against",
        default="",
        metavar="URL_OR_DIR",
        help="compare with a second service, or with this one and the cards of another folder: which patients' cards "
        "change",
    )
    whom.add_argument(
        "--today", type=day, metavar="DATE", help="move every case to this day (default with --url: the present day)"
    )
    whom.add_argument(
        "--profile",
        metavar="NAME",
        default="",
        help="answer as for this kind of client, such as epic (with --url: the service does so already): findings, "
        "indicators and headlines are compared, what a client is shown of them is not",
    )
    whom.add_argument("--concurrency", type=count, metavar="N", help="calls at once (default: 4 with --url, else 1)")
    signing = parser.add_argument_group("signed calls (with --url)")
    signing.add_argument(
        "--sign", default="", metavar="KEYFILE", help="private key (PEM or JWK): ES384 or RS384 by kind"
    )
    signing.add_argument("--issuer", default="", help="iss of the token, as the service knows this client")
    signing.add_argument(
        "--kid", default="", help="id of the key (default: its RFC 7638 thumbprint, as jwks prints it)"
    )
    signing.add_argument("--jku", default="", metavar="URL", help="where the public key set stands")
    signing.add_argument("--tenant", default="", help="tenant of the token")
    signing.add_argument("--subject", default="", help="sub of the token, such as the client id that Epic gives")
    results = parser.add_argument_group("what is done with the results")
    as_json(results)
    results.add_argument("--junit", default="", metavar="FILE", help="write JUnit XML too")
    results.add_argument("--html", default="", metavar="FILE", help="write a report in one HTML file too")
    results.add_argument(
        "--update",
        action="store_true",
        help="write what came into expected.json, after showing the difference; only in this process, on a case's own "
        "day",
    )
    results.add_argument("--fail-fast", action="store_true", help="stop at the first case that disagrees")
    results.add_argument("-q", "--quiet", action="store_true", help="show only the cases that disagree, and the count")


def run(asked: Namespace) -> int:
    from cds_service.cli.replay_run import replay

    return replay(asked)
