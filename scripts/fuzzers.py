"""Install the fuzzers and cyclonedx-py in an environment of their own, `.venv/fuzz`; nothing where they are there.

    .venv/bin/python scripts/fuzzers.py

Of their own: schemathesis takes another version of a library that reads schemas in the service, and what runs beside
orders must not follow a test tool; cyclonedx-py brings a library that costs every start of Python a second where
jsonschema finds it (decision 81). What is installed are the versions of `requirements/fuzz.txt`, checked
by digest; where those cannot be had, it says so and takes what setup.cfg allows.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from lock import LOCKS, of_extra

HOME = Path(sys.prefix) / "fuzz"
STAMP = HOME / "ldn-cds-stamp.txt"
_LOCK = LOCKS / "fuzz.txt"


def main() -> int:
    """Exit code of pip or venv; 0 where there was nothing to do."""
    now = digest()
    if STAMP.is_file() and STAMP.read_text("utf-8") == now:
        return 0
    print("Installing the fuzzers", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(HOME)], check=False)
    if made.returncode:
        return made.returncode
    code = installed("--require-hashes", "--requirement", str(_LOCK))
    if code:
        print("The locked versions cannot be installed here; taking what setup.cfg allows instead.", flush=True)
        code = installed(*of_extra("fuzz"))
    if code == 0:
        STAMP.write_text(now, "utf-8")
    return code


def installed(*what: str) -> int:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(HOME / "bin" / "python")]
    return subprocess.run([*pip, "install", "-qq", *what], check=False).returncode


def digest() -> str:
    """Changes with the interpreter and with what decides what is installed."""
    parts = (os.path.realpath(sys.executable).encode(), _LOCK.read_bytes(), "\n".join(of_extra("fuzz")).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
