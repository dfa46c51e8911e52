"""The command line: `cds-service serve`, `call`, `replay` and `check-content`.

A door like `web`: it may read the clock, the environment and files, and it turns the domain's errors into exit codes.
What a command needs is imported when that command runs, so that `--help` and `--version` answer at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date

from cds_service import __version__
from cds_service.errors import ServiceError

DONE, DISAGREES, UNUSABLE, INTERRUPTED = 0, 1, 2, 130

_EXIT_CODES = f"""\
exit codes:
  {DONE}    done; for replay: every case agrees
  {DISAGREES}    replay only: at least one case disagrees
  {UNUSABLE}    the input, a setting or the content cannot be used, or the service cannot be reached
  {INTERRUPTED}  interrupted from the keyboard

Not clinically approved. Settings come from CDS_* environment variables, see README.md."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        return _run(asked)
    except ServiceError as fault:
        where = f" ({fault.expression})" if fault.expression else ""
        why = f" [{fault.diagnostics}]" if fault.diagnostics else ""
        print(f"cds-service {asked.command}: {fault.text}{where}{why}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(asked: argparse.Namespace) -> int:
    if asked.command == "serve":
        from cds_service.cli.serve import serve

        return serve(asked.host, asked.port)
    if asked.command == "call":
        from cds_service.cli.call import call

        return call(asked.file, asked.today, as_json=asked.json, explain=asked.explain)
    if asked.command == "check-content":
        from cds_service.cli.content_check import check_content

        return check_content(asked.cards, asked.site)
    from cds_service.cli.replay import Selection, replay

    selection = Selection(asked.directory, tuple(asked.rule), asked.release)
    return replay(
        selection,
        url=asked.url,
        today=asked.today,
        as_json=asked.json,
        fail_fast=asked.fail_fast,
        quiet=asked.quiet,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cds-service",
        description="Decision support for low-dose naltrexone orders over CDS Hooks.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cds-service {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_call(commands)
    _add_replay(commands)
    _add_check_content(commands)
    return parser


_Commands = argparse._SubParsersAction  # argparse offers no public name for it


def _add_serve(commands: "_Commands[argparse.ArgumentParser]") -> None:
    line = "Serve the hooks over HTTP until told to stop."
    serve = commands.add_parser("serve", help=line, description=line, allow_abbrev=False)
    serve.add_argument("--host", help="address to listen on (default: CDS_HOST, else this machine only)")
    serve.add_argument("--port", help="port to listen on (default: CDS_PORT, else 8080)")


def _add_call(commands: "_Commands[argparse.ArgumentParser]") -> None:
    line = "Answer one request file and show the cards; no server is started."
    call = commands.add_parser("call", help=line, description=line, allow_abbrev=False)
    call.add_argument(
        "file",
        metavar="FILE",
        help="a request (JSON), or a case folder, also one that was shipped such as opioid-active/silent-c01-baseline; "
        "a server.json beside the request answers reads of the record",
    )
    call.add_argument(
        "--today",
        type=_day,
        metavar="DATE",
        help="the day to judge on, YYYY-MM-DD (default: as_of of an expected.json beside the request, else today)",
    )
    call.add_argument("--json", action="store_true", help="print the answer as it would go over the wire")
    call.add_argument(
        "--explain",
        action="store_true",
        help="say also what was looked at, and why each rule did or did not fire",
    )


def _add_replay(commands: "_Commands[argparse.ArgumentParser]") -> None:
    line = "Compare every case with what the service says."
    replay = commands.add_parser(
        "replay",
        help=line,
        description=f"{line} Each case is judged on its own day in this process, without network. With --url the "
        "calls go to a running service, and all dates of a case are moved so that its day is today. In a difference, "
        "lines with - were expected and lines with + came.",
        allow_abbrev=False,
    )
    replay.add_argument(
        "directory", metavar="DIR", nargs="?", default="", help="folder of cases, or one case (default: those shipped)"
    )
    replay.add_argument(
        "--url",
        default="",
        help="base URL (or discovery URL) of a running CDS service on this machine; the first service it offers for "
        "a hook is called",
    )
    replay.add_argument("--rule", action="append", default=[], help="only the cases of this rule; may be repeated")
    replay.add_argument("--release", choices=("R4", "STU3", "DSTU2"), default="", help="only cases of this release")
    replay.add_argument(
        "--today", type=_day, metavar="DATE", help="move every case to this day (default with --url: the present day)"
    )
    replay.add_argument("--json", action="store_true", help="print the result as JSON")
    replay.add_argument("--fail-fast", action="store_true", help="stop at the first case that disagrees")
    replay.add_argument("-q", "--quiet", action="store_true", help="show only the cases that disagree, and the count")


def _add_check_content(commands: "_Commands[argparse.ArgumentParser]") -> None:
    line = "Read cards, numbers, order set and a site's changes as a start would; start nothing."
    check = commands.add_parser(
        "check-content",
        help=line,
        description=f"{line} What cannot be used is named with file, line and field.",
        allow_abbrev=False,
    )
    check.add_argument(
        "--cards", metavar="DIR", default="", help="folder of cards (default: CDS_CARDS_DIR, else those shipped)"
    )
    check.add_argument(
        "--site", metavar="FILE", default="", help="a site's changes (default: CDS_SITE_FILE, else site.toml there)"
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-03-02") from None
