"""The command line: one file in `commands` is one command, found by its name.

A door like `web`: it may read the clock, the environment and files, and it turns the domain's errors into exit codes.
A command's file names its options and nothing heavier: what it needs is imported when it runs, so that `--help` and
`--version` answer at once.
"""

import argparse
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType

from cds_service import __version__
from cds_service.cli import commands
from cds_service.errors import ServiceError

DONE, DISAGREES, UNUSABLE, INTERRUPTED = 0, 1, 2, 130

_EXIT_CODES = f"""\
exit codes:
  {DONE}    done; where something is judged or compared: all agrees
  {DISAGREES}    something disagrees: a case, a file that is not valid, a difference
  {UNUSABLE}    the input, a setting or the content cannot be used, or the service cannot be reached
  {INTERRUPTED}  interrupted from the keyboard

Not clinically approved. Settings come from CDS_* environment variables, see README.md."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        code: int = asked.run(asked)
        return code
    except ServiceError as fault:
        where = f" ({fault.expression})" if fault.expression else ""
        why = f" [{fault.diagnostics}]" if fault.diagnostics else ""
        print(f"cds-service {asked.command}: {fault.text}{where}{why}", file=sys.stderr)
        return UNUSABLE
    except (KeyboardInterrupt, EOFError):  # whoever was asked has gone
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cds-service",
        description="Decision support for low-dose naltrexone orders over CDS Hooks.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cds-service {__version__}")
    added = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in found():
        line, _, rest = (command.__doc__ or "").partition("\n")
        one = added.add_parser(name, help=line, description=f"{line} {' '.join(rest.split())}", allow_abbrev=False)
        command.options(one)
        one.set_defaults(run=command.run)
    return parser


def found() -> Iterator[tuple[str, ModuleType]]:
    """Every command by name. Its docstring is what `--help` says, `options` adds its arguments, `run` does it."""
    for module in pkgutil.iter_modules(commands.__path__):
        yield module.name.replace("_", "-"), import_module(f"{commands.__name__}.{module.name}")
