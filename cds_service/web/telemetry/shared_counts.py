"""One set of counts for all worker processes: files in memory that the Prometheus library adds up.

The library names a file after its process and keeps it for ever. Workers here are replaced every few thousand calls,
so the files would grow without end: they are named after a worker's place instead, which the next one takes over.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_place = "main"


def folder() -> str:
    """Where the counts are shared; empty where each process counts for itself."""
    return os.environ.get(_FOLDER, "")


@contextmanager
def shared() -> Iterator[None]:
    """Within, metrics that are made are shared with the processes that are forked; the folder goes with this one."""
    from prometheus_client import values

    memory = Path("/dev/shm")  # nosec B108  # below it a folder of mkdtemp
    place = mkdtemp(prefix="ldn-cds-counts-", dir=memory if os.access(memory, os.W_OK) else None)
    before = values.ValueClass
    os.environ[_FOLDER] = place
    values.ValueClass = values.MultiProcessValue(lambda: _place)  # type: ignore[no-untyped-call]
    owner = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == owner:  # a worker leaves through here too
            values.ValueClass = before
            os.environ.pop(_FOLDER, None)
            shutil.rmtree(place, ignore_errors=True)


def before_fork(arbiter: Any, worker: Any) -> None:
    """gunicorn's `pre_fork`: the lowest place that no worker has."""
    taken = {other.counting_place for other in arbiter.WORKERS.values()}
    worker.counting_place = next(place for place in map(str, range(len(taken) + 1)) if place not in taken)


def after_fork(_: Any, worker: Any) -> None:
    """gunicorn's `post_fork`, in the new process: the library notices by itself that the place has changed."""
    global _place
    _place = worker.counting_place
