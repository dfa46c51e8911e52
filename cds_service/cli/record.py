"""`cds-service record`: a proxy that keeps what passes as cases. What passes is in memory only, and never in full."""

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from rich.text import Text

from cds_service.cli.asking import Ask, direct_session, here
from cds_service.cli.cases import BadInput
from cds_service.cli.files import write
from cds_service.cli.json_text import filed
from cds_service.cli.recorded import NotKept, kept_case
from cds_service.cli.terminal import console, plain
from cds_service.fhir.deidentified import Words
from cds_service.running import zone_of
from cds_service.settings import Settings

_SECONDS = 30
_MOST_BYTES = 50_000_000
_DISCOVERY = "/cds-services"
_ONLY_HERE = frozenset(
    {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding", "te", "trailer",
     "upgrade", "proxy-authorization", "proxy-authenticate", "content-encoding", "expect"}
)  # fmt: skip
_TEXT_KEPT = {Words.NONE: "without free text", Words.KNOWN: "with known words of its texts"}


@dataclass
class Recorder:
    """Takes exchanges one at a time and writes their cases. The salt lives as long as this object."""

    out: Path
    ask: Ask
    settings: Settings
    tell: Any
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    calls: int = 0
    most: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, status: int, sent: bytes, said: bytes) -> None:
        """Keep one exchange, if it is a hook call; whatever goes wrong here never reaches the EHR."""
        steps = path.partition("?")[0].strip("/").split("/")
        if len(steps) != 2 or f"/{steps[0]}" != _DISCOVERY:
            return
        with self._lock:
            try:
                what = self._keep(status, sent, said)
            except Exception as fault:  # an exchange of any shape may come; its text stays out of what is told
                what = {"kept": False, "reason": f"it could not be read ({type(fault).__name__})"}
            self.calls += 1
            self.tell({"service": steps[1], "status": status, **what})
            if self.most and self.calls >= self.most:
                self.done.set()

    def _keep(self, status: int, sent: bytes, said: bytes) -> dict[str, Any]:
        if status != 200:
            return {"kept": False, "reason": "it was not answered with 200"}
        call, cards = orjson.loads(sent), orjson.loads(said)["cards"]
        today = datetime.now(zone_of(self.settings)).date()
        case = kept_case(call, cards, today, self.salt, self.ask)
        if isinstance(case, NotKept):
            return {"kept": False, "cards": len(cards), "reason": case.reason}
        folder = self._folder(case.expected["cards"], str(case.request["hook"]))
        folder.mkdir(parents=True)
        write(folder / "request.json", filed(case.request))
        write(folder / "expected.json", filed(case.expected))
        name = "/".join(folder.parts[-2:])
        return {"kept": True, "cards": len(cards), "case": name, "text": _TEXT_KEPT[case.words]}

    def _folder(self, cards: list[Mapping[str, Any]], hook: str) -> Path:
        """Named by what was found and counted, never by the patient."""
        rule = str(cards[0]["leader"]) if cards else "no-rule"
        stem = f"{'fires' if cards else 'silent'}-recorded-{hook}"
        numbers = (f"{stem}-{number:04}" for number in range(1, 1_000_000))
        return next(self.out / rule / name for name in numbers if not (self.out / rule / name).exists())


def record(to: str, out: str, host: str, port: int, calls: int, *, as_json: bool) -> int:
    """Serve until told to stop. Raises BadInput where nothing can be listened at, asked or written."""
    settings = Settings.read(os.environ)
    screen = console()

    def tell(facts: Mapping[str, Any]) -> None:
        if as_json:
            screen.out(orjson.dumps(facts).decode(), highlight=False)
        else:
            screen.print(_line(facts), soft_wrap=True)

    recorder = Recorder(_folder_of(out), here(settings), settings, tell, most=calls)
    with proxy(to, recorder, host, port) as address:
        if not as_json:
            screen.print(Text(f"Discovery for the EHR: {address}{_DISCOVERY}"), soft_wrap=True)
            screen.print(Text(plain(f"Passed on to {_base(to)}; cases go to {out}. Stop with Ctrl-C.")), soft_wrap=True)
        recorder.done.wait()
    return 0


def _folder_of(out: str) -> Path:
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise BadInput(f"{out} cannot be made: {fault.strerror}.") from None
    return Path(out)


def _line(facts: Mapping[str, Any]) -> Text:
    head = f"{facts['service']} {facts['status']}"
    if facts["kept"]:
        return Text(plain(f"kept  {head}, {facts['cards']} cards: {facts['case']}, {facts['text']}"), style="green")
    return Text(plain(f"left  {head}: {facts['reason']}"), style="yellow")


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{url} is not an http or https URL.")
    return url.rstrip("/").removesuffix(_DISCOVERY)


@contextmanager
def proxy(to: str, recorder: Recorder, host: str, port: int) -> Iterator[str]:
    """The proxy while it runs; yields its address."""
    handler = _handler(_base(to), recorder)
    try:
        http = ThreadingHTTPServer((host, port), handler)
    except (OSError, OverflowError) as fault:
        raise BadInput(f"cannot listen on {host} port {port} ({fault}).") from None
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _handler(base: str, recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Every method alike; the answer leaves before anything is kept of it."""

        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > _MOST_BYTES or "Transfer-Encoding" in self.headers:
                return self._send(411, {}, b"")
            sent = self.rfile.read(int(length))
            if not self.path.startswith("/"):
                return self._send(400, {}, b"")
            try:
                with direct_session() as session:
                    reply = session.request(
                        self.command,
                        base + self.path,
                        data=sent,
                        headers=_passed(dict(self.headers.items())),
                        timeout=_SECONDS,
                        allow_redirects=False,
                    )
            except requests.RequestException as fault:
                recorder.tell({"service": "-", "status": 502, "kept": False, "reason": type(fault).__name__})
                return self._send(502, {}, b"")
            self._send(reply.status_code, _passed(reply.headers), reply.content)
            if self.command == "POST":
                recorder.take(self.path, reply.status_code, sent, reply.content)
            return None

        do_GET = do_POST = do_HEAD = do_OPTIONS = _pass_on

        def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet: a path or an error text may name somebody."""

    return Handler


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    """All but those that belong to one connection."""
    return {name: value for name, value in headers.items() if name.lower() not in _ONLY_HERE}
