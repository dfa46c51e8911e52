"""What several commands take on their line, read alike."""

import argparse
from datetime import date


def day(text: str) -> date:
    """A day of the calendar, as argparse wants its types."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-03-02") from None


def count(text: str) -> int:
    """A whole number from 1 to 64: how many calls at once."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 64")
    return int(text)


def port(text: str) -> int:
    """A port to listen on; 0 stands for any that is free."""
    if text.isascii() and text.isdecimal() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")


def as_json(parser: argparse._ActionsContainer, line: str = "print the result as JSON") -> None:
    parser.add_argument("--json", action="store_true", help=line)
