"""A reader at a terminal: carries out what a document says, in a copy of the checkout, with ports of its own.

What a document starts and leaves running, such as `make run`, goes on until the document is done.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from document_blocks import CHECKOUT, Block, shown, steps

LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "node_modules", "*.egg-info", "*.sqlite*")
# What the documents call them: the service, another one, the recording proxy, the hostile EHR.
PORTS = ("8080", "8081", "8090", "9090")
_GOES_ON = re.compile(r"(?:^|/| )(?:make run|cds-service (?:serve|record|hostile-ehr))\b(?!.*--(?:list|help))")
_MARK = "\x1e"
PATIENCE = 120
# A reader has what `make run` installs. A tool of the tests brings this package along; with it every start takes a
# second and a half longer, since jsonschema loads what it finds.
_AS_INSTALLED = 'import sys\n\nsys.modules["rfc3987_syntax"] = None\n'


def free_ports() -> dict[str, str]:
    with ExitStack() as open_ones:
        listeners = [open_ones.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in PORTS]
        return {name: str(one.getsockname()[1]) for name, one in zip(PORTS, listeners, strict=True)}


@dataclass
class Terminal:
    folder: Path
    ports: dict[str, str] = field(default_factory=free_ports)
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    activated: bool = False  # by `. .venv/bin/activate`: until then `cds-service` is not on the path

    def open(self, *, checkout: bool = True) -> None:
        """With what is installed here; make is kept from installing anything into it."""
        if checkout:
            shutil.copytree(CHECKOUT, self.folder, ignore=LEFT_OUT)
        else:
            self.folder.mkdir()
        (self.folder / ".venv").symlink_to(sys.prefix)
        (self.folder / "sitecustomize.py").write_text(_AS_INSTALLED)
        self._python.write_text(f'#!/bin/sh\ntest "$1" = scripts/environment.py || exec "{sys.executable}" "$@"\n')
        self._python.chmod(0o755)

    @property
    def _python(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-python")

    def close(self) -> None:
        for process in self.running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

    @property
    def environment(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("CDS_", "PYTEST_", "COV_", "MAKE", "MFLAGS"))}
        elsewhere = [place for place in kept["PATH"].split(":") if not (Path(place) / "cds-service").exists()]
        path = ":".join([*([str(self.folder / ".venv" / "bin")] if self.activated else []), *elsewhere])
        own = {"PATH": path, "PYTHONPATH": str(self.folder), "PYTHON": str(self._python), "COLUMNS": "100", "CI": ""}
        port = self.ports["8080"]
        return {**kept, **own, "PORT": port, "CDS_PORT": port, "CDS_WORKERS": "1", "NO_COLOR": "1"}

    def here(self, text: str) -> str:
        """With the ports of this terminal."""
        return re.sub(r"(?<!\d)(?:8080|8081|8090|9090)(?!\d)", lambda found: self.ports[found[0]], text)

    def do(self, block: Block) -> list[str]:
        """Complaints about a block, if any."""
        if block.title:
            (self.folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.title).write_text(self.here(block.text), "utf-8")
        self.activated |= block.language == "sh" and ". .venv/bin/activate" in block.text
        if block.language == "sh":
            return self._goes_on(block.text, "") if _GOES_ON.search(block.text) else self._succeeds(block.text)
        if block.language == "console":
            done = steps(block)
            return self._goes_on(*done[0]) if _GOES_ON.search(done[0][0]) else self._prints(done)
        return []

    def _succeeds(self, script: str) -> list[str]:
        code, printed = self._run(script, "-e")
        return [] if code == 0 else [f"exit code {code}: {script}\n{printed}"]

    def _prints(self, done: list[tuple[str, str]]) -> list[str]:
        """Each command by itself: its exit code is 0, or is asked for by the next one; it prints what is shown."""
        tell = f"; __code=$?; printf '{_MARK}%s{_MARK}' $__code; (exit $__code)"
        script = "\n".join("{ " + f"{command}\n}}{tell}" for command, _ in done)
        _, printed = self._run(script)
        parts = printed.split(_MARK)
        complaints = []
        for number, (command, expected) in enumerate(done):
            came, code = (parts[2 * number], parts[2 * number + 1]) if 2 * number + 1 < len(parts) else ("", "none")
            asked = number + 1 < len(done) and done[number + 1][0] == "echo $?"
            if code != "0" and not asked:
                complaints.append(f"exit code {code}: {command}\n{came}")
            elif not shown(self.here(expected)).fullmatch(came if came.endswith("\n") or not came else f"{came}\n"):
                complaints.append(f"{command}\nshown:\n{expected}\ncame:\n{came}")
        return complaints

    def _run(self, script: str, *options: str) -> tuple[int, str]:
        words = ["bash", "-o", "pipefail", *options, "-c", self.here(script)]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        return done.returncode, done.stdout

    def _goes_on(self, command: str, expected: str) -> list[str]:
        """It is still there when its port answers, and has by then printed what is shown."""
        log = self.folder.with_name(f"{self.folder.name}-{len(self.running)}.log")
        words = ["bash", "-e", "-c", self.here(command)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        named = re.search(r"--port (\d+)|PORT=(\d+)", command)
        port = int(self.here(next(filter(None, named.groups()))) if named else self.ports["8080"])
        last = time.monotonic() + PATIENCE
        while time.monotonic() < last and process.poll() is None:
            if _answers(port) and shown(self.here(expected)).match(log.read_text("utf-8")):
                return []
            time.sleep(0.05)
        return [f"{command}\nshown:\n{expected}\ncame:\n{log.read_text('utf-8')}"]


def _answers(port: int) -> bool:
    """In HTTP, whatever it says: a port alone is also open for a moment while a start tries whether it is free."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", "/health/live")
        return connection.getresponse().status > 0
    return False
