"""No file of the repository names a place on one person's machine.

    python3 scripts/check_tree.py

Looks through every file that git tracks or would track, for home folders, for the folder of this very checkout, and for
a package index other than the public one where pip is set up to use one. What is looked for is found at run time.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
_HOMES = ("home/[a-z][a-z0-9_-]*", "Users/[A-Za-z][A-Za-z0-9_.-]*", "root", "work", "workspace", "builds")
_HOME = re.compile(rf"(?:^|(?<=[\s\"'`(=:]))/(?:{'|'.join(_HOMES)})/|[A-Z]:\\\\?Users\\")
_PUBLIC = ("pypi.org", "files.pythonhosted.org")
_SHORTEST = 6


def main() -> int:
    machine = words()
    complaints = [complaint for path in files() for complaint in judge(path, machine)]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def files() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    paths = (CHECKOUT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
    return (path for path in paths if path.is_file() and not path.is_symlink())


def words() -> list[str]:
    """Names of this machine: this folder, and the hosts and folders that pip is set up with."""
    pip = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    settings = [line for line in pip.stdout.splitlines() if re.search(r"index-url|find-links|trusted-host", line)]
    places = [found for line in settings for found in re.findall(r"//([\w-]+\.[\w.-]+)|(/\w[\w./-]+)", line)]
    found = [str(CHECKOUT), *(host or folder for host, folder in places)]
    return [word for word in found if len(word) >= _SHORTEST and not word.endswith(_PUBLIC)]


def judge(path: Path, machine: list[str]) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, start=1):
        if _HOME.search(line) or any(word in line for word in machine):
            yield f"{path.relative_to(CHECKOUT)}:{number}: names a place on one machine: {line.strip()[:100]}"


if __name__ == "__main__":
    sys.exit(main())
