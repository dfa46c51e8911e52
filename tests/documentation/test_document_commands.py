"""Every command in a document is carried out as a reader would, and has to do and print what the document says."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import cache
from pathlib import Path

import pytest
from document_blocks import CHECKOUT, COMMANDS, DOCUMENTS, Block, blocks, shown, steps
from terminal import Terminal

from cds_service.cli import main

OTHERS = {"json", "toml", "python", "text", "xml", "yaml"}
# Reviewed: where a block is not run, and why. One that is run again has to go from here.
NOT_RUN = {
    "CONTRIBUTING.md": ["the tests themselves, and checks that install and ask for weaknesses"],
    "README.md": ["needs a container engine"],
    "docs/how-to/connect-oracle.md": ["needs the internet"],
}
TRIED = [path for path in DOCUMENTS if any(one.language in COMMANDS and not one.reason for one in blocks(path))]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE))


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


@contextmanager
def opened(folder: Path, *, checkout: bool) -> Iterator[Terminal]:
    made = Terminal(folder / "ldn-cds")
    made.open(checkout=checkout)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with opened(tmp_path, checkout=True) as made:
        yield made


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Terminal]:
    """In an empty folder."""
    with opened(tmp_path, checkout=False) as made:
        made.activated = True
        yield made


@pytest.mark.parametrize("document", TRIED, ids=name_of)
def test_a_reader_can_do_what_the_document_says(terminal: Terminal, document: Path) -> None:
    for block in blocks(document):
        if not block.reason:
            complaints = terminal.do(block)
            assert not complaints, f"{name_of(document)}, line {block.line}:\n" + "\n".join(complaints)


def test_what_is_not_run_is_reviewed() -> None:
    found = {name_of(path): [one.reason for one in blocks(path) if one.reason] for path in DOCUMENTS}
    assert {name: reasons for name, reasons in found.items() if reasons} == NOT_RUN


@each_document
def test_every_block_says_what_it_is_and_no_command_hides_in_another(document: Path) -> None:
    assert [one.line for one in blocks(document) if one.language not in {*COMMANDS, *OTHERS}] == []
    hidden = re.compile(r"^(?:\$ )?(?:make|curl|cds-service|docker|git|\S*/python) \w", re.MULTILINE)
    quiet = [one for one in blocks(document) if one.language in OTHERS - {"yaml"}]
    assert [one.line for one in quiet if hidden.search(one.text)] == []
    assert [one.line for one in blocks(document) if one.reason and one.language not in COMMANDS] == []
    marks = re.findall("^ *<!-- not run", document.read_text("utf-8"), re.MULTILINE)
    assert len(marks) == sum(bool(one.reason) for one in blocks(document))


@cache
def help_of(command: str) -> str:
    """Of a command and of its own commands, such as `clients check`; empty where there is none."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(io.StringIO()), suppress(SystemExit):
        main([*command.split(), "--help"])
    return printed.getvalue()


@each_document
def test_every_command_in_a_sentence_is_one_and_has_the_options(document: Path) -> None:
    text = document.read_text("utf-8")
    prose = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)
    named = re.findall(r"`(?:\.venv/bin/)?cds-service ((?:clients )?[a-z-]+)([^`]*)`", prose)
    assert [command for command, _ in named if not help_of(command)] == []
    unknown = [(c, o) for c, rest in named for o in re.findall(r"--[a-z-]+", rest) if o not in help_of(c) + "--help"]
    assert unknown == []
    assert [one for one in re.findall(r"`make ([a-z-]+)", prose) if one not in TARGETS] == []


def block(text: str, language: str = "console", title: str = "") -> Block:
    return Block(1, language, title, text, "")


class TestTheReader:
    """A test of documents that could not fail would prove nothing."""

    @pytest.mark.parametrize(
        "text",
        [
            "$ echo one\none\n",
            "$ printf 'a\\nb\\nc\\n'\na\n…\n",
            "$ echo 12 ms\n… ms\n",
            "$ false\n$ echo $?\n1\n",
            "$ cat \\\n>   given.txt\nas given\n",
            "$ true\n",
        ],
    )
    def test_what_is_true_passes(self, bare: Terminal, text: str) -> None:
        assert bare.do(block("as given\n", "toml", "given.txt")) == []
        assert bare.do(block(text)) == []

    @pytest.mark.parametrize(
        "text",
        [
            "$ echo two\none\n",
            "$ echo one\n",
            "$ true\none\n",
            "$ false\n",
            "$ false | cat\n",
            "$ true\n$ echo $?\n1\n",
            "$ exit 3\n$ echo one\none\n",
            "$ printf 'a\\nb\\nc\\n'\na\n…\nb\n",
            "$ no-such-command\n",
        ],
    )
    def test_what_is_not_is_told(self, bare: Terminal, text: str) -> None:
        assert bare.do(block(text)) != []

    @pytest.mark.parametrize("text", ["false\ntrue\n", "false | cat\n", "cds-service nonsense\n"])
    def test_a_script_ends_at_its_first_failure(self, bare: Terminal, text: str) -> None:
        assert bare.do(block(text, "sh")) != []

    def test_a_service_that_does_not_start_is_told(self, bare: Terminal) -> None:
        [complaint] = bare.do(block("CDS_LOG_LEVEL=LOUD cds-service serve\n", "sh"))
        assert "CDS_LOG_LEVEL" in complaint

    def test_a_command_that_is_not_on_the_path_yet_is_told(self, bare: Terminal) -> None:
        bare.activated = False
        [complaint] = bare.do(block("cds-service --help\n", "sh"))
        assert "127" in complaint
        assert bare.do(block(". .venv/bin/activate\n", "sh")) == []
        assert bare.do(block("cds-service --help\n", "sh")) == []

    def test_steps_and_what_is_shown(self) -> None:
        assert steps(block("$ a \\\n> b\nc\n$ d\n")) == [("a \\\nb", "c\n"), ("d", "")]
        assert shown("1 of … cards\n").fullmatch("1 of 20 cards\n")
        assert not shown("1 of … cards\n").fullmatch("1 of 20\n cards\n")
