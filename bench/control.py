"""The control: the least that Flask, orjson and gunicorn can do with such a call. It parses, and answers one card.

Started by `servers`, with the service's workers, threads and kind of worker. It imports nothing of the service, so that
start-up and memory are its own. As `lean` it also reads the body in one go and collects garbage as rarely as the
service does, which is less than "bare" means to most people: a second, harder floor.
"""

import gc
import os
import sys

import orjson
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from bench.calls import PATH

_CARD = {
    "cards": [
        {
            "uuid": "00000000-0000-4000-8000-000000000001",
            "summary": "A card that is always the same.",
            "indicator": "info",
            "source": {"label": "control", "topic": {"system": "urn:bench", "code": "control"}},
        }
    ]
}


def application(*, lean: bool) -> Flask:
    app = Flask("control", static_folder=None)

    @app.post(PATH)
    def answer() -> Response:
        sent = request.environ["wsgi.input"].read(request.content_length) if lean else request.get_data()
        call = orjson.loads(sent)
        assert call["prefetch"]
        return Response(orjson.dumps(_CARD), content_type="application/json")

    return app


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, port: int, workers: int, threads: int) -> None:
        self._app = app
        self._options = {
            "bind": f"127.0.0.1:{port}",
            "worker_class": "gthread",
            "workers": workers,
            "threads": threads,
            "keepalive": 75,
            "max_requests": 5000,
            "max_requests_jitter": 500,
            "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def main(port: str, workers: str, threads: str, kind: str) -> None:
    app = application(lean=kind == "lean")
    if kind == "lean":
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
    _Server(app, int(port), int(workers), int(threads)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
