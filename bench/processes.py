"""What the kernel says about a server: processor time of its whole process tree, and memory of its workers."""

import os
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def cpu_seconds(master: int) -> float:
    """User and system time of the master, its living workers, and the workers that it has buried."""
    used = _ticks(master, with_buried=True)
    return (used + sum(_ticks(worker) for worker in workers(master))) / _TICKS_A_SECOND


def workers(master: int) -> list[int]:
    """The master's children."""
    found = (_PROC / str(master) / "task" / str(master) / "children").read_text()
    return [int(child) for child in found.split()]


def pss_megabytes(process: int) -> float:
    """Memory with shared pages counted by their share (10^6 bytes)."""
    for line in (_PROC / str(process) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("smaps_rollup has no Pss line")


def ticks_in(stat: str, *, with_buried: bool = False) -> int:
    """utime + stime of a /proc stat line, and cutime + cstime if asked. The name in brackets may hold anything."""
    fields = stat.rpartition(")")[2].split()
    return sum(int(field) for field in fields[11 : 15 if with_buried else 13])


def _ticks(process: int, *, with_buried: bool = False) -> int:
    try:
        return ticks_in((_PROC / str(process) / "stat").read_text(), with_buried=with_buried)
    except FileNotFoundError:  # a worker that went in this very moment; its master counts it from now on
        return 0
