"""Make the virtual environment `.venv` fit for a task, and do nothing where it already is.

    python3 scripts/environment.py [EXTRA ...]      extras of setup.cfg: test, docs, check

Standard library only, since it runs before anything is installed. An environment is made anew where it is broken, was
made elsewhere (a moved or copied folder), or by a Python that is too old. What is installed are the versions that
`requirements/` has locked, checked by digest. Where those cannot be had, on a system for which one has no file or from
an index that lacks one, it says so and takes what setup.cfg allows. What was installed is kept in a stamp inside
`.venv` together with a digest of what it was installed from, so that a second `make run` starts at once.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = CHECKOUT / "requirements"
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "ldn-cds-stamp.json"
_PROBE = "import json, os, sys; print(json.dumps([list(sys.version_info[:2]), os.path.realpath(sys.prefix)]))"


def main(extras: list[str]) -> int:
    """Exit code 0 where `.venv` is fit, 1 with a message where it cannot be made so."""
    if sys.version_info[:2] < OLDEST:
        print(f"Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}.")
        return 1
    if not fits():
        print("Making the virtual environment in .venv", flush=True)
        if not made():
            print("The virtual environment could not be made. On Debian it needs the package python3-venv.")
            return 1
    stamp = stamped()
    wanted = sorted({*stamp["extras"], *extras})
    now = digest()
    if stamp["digest"] == now and wanted == stamp["extras"]:
        return 0
    print(f"Installing the service{' and what its ' + ', '.join(wanted) + ' need' if wanted else ''}", flush=True)
    STAMP.unlink(missing_ok=True)
    if not locked(wanted):
        print("The locked versions cannot be installed here; taking what setup.cfg allows instead.", flush=True)
    target = f".[{','.join(wanted)}]" if wanted else "."
    installed = subprocess.run([*pip(), "install", "-qq", "--editable", target], cwd=CHECKOUT, check=False)
    if installed.returncode == 0:
        STAMP.write_text(json.dumps({"extras": wanted, "digest": now}) + "\n", encoding="utf-8")
    return installed.returncode


def locked(extras: list[str]) -> bool:
    """Each lock holds the service's distributions too, and agrees with the others."""
    files = [LOCKS / f"{name}.txt" for name in ("run", *extras)]
    requirements = [word for file in files if file.exists() for word in ("--requirement", str(file))]
    if not requirements:
        return True
    command = [*pip(), "install", "-qq", "--require-hashes", *requirements]
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0


def fits() -> bool:
    """An environment that runs, is new enough and stands where it was made."""
    try:
        shown = subprocess.run([str(PYTHON), "-c", _PROBE], capture_output=True, text=True, check=True).stdout
        version, prefix = json.loads(shown)
        here = VENV.samefile(prefix) and str(VENV) in (VENV / "bin" / "activate").read_text(encoding="utf-8")
    except (OSError, subprocess.CalledProcessError, ValueError):
        return False
    return here and tuple(version) >= OLDEST


def made() -> bool:
    """With pip inside; where Python came without ensurepip, a pip beside it will do."""
    create = [sys.executable, "-m", "venv", "--clear"]
    if subprocess.run([*create, str(VENV)], capture_output=True, check=False).returncode == 0:
        return True
    bare = subprocess.run([*create, "--without-pip", str(VENV)], check=False)
    return bare.returncode == 0 and subprocess.run([*pip(), "--version"], check=False).returncode == 0


def pip() -> list[str]:
    inside = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*inside, "--version"], capture_output=True, check=False).returncode:
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    return [*inside, "--disable-pip-version-check"]


def stamped() -> dict[str, list[str] | str]:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return {"extras": sorted(stamp["extras"]), "digest": str(stamp["digest"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"extras": [], "digest": ""}


def digest() -> str:
    """Changes with the place, the interpreter and whatever decides what is installed."""
    seen = hashlib.sha256(f"{os.fspath(CHECKOUT)} {os.path.realpath(PYTHON)}".encode())
    for path in (CHECKOUT / "setup.cfg", CHECKOUT / "pyproject.toml", *sorted(LOCKS.glob("*.txt"))):
        seen.update(path.read_bytes())
    return seen.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
