"""Write build/sbom.cdx.json: every distribution that runs with the service, in CycloneDX 1.6.

    .venv/bin/python scripts/sbom.py [PYTHON] [--output FILE]

Without PYTHON an environment is made in build/runtime as the image makes it: the locked versions, by digest, and the
service, nothing else. With PYTHON that interpreter's environment is listed. The list is compared with what Python
itself says is installed there; one that lacks anything is not written. cyclonedx-py lives beside the fuzzers.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fuzzers import HOME

CHECKOUT = Path(__file__).resolve().parents[1]
BUILD = CHECKOUT / "build"
_INSTALLED = (
    "import importlib.metadata as m, json; "
    "print(json.dumps([[d.metadata['Name'].lower().replace('_', '-').replace('.', '-'), d.version]"
    " for d in m.distributions()]))"
)


def main(arguments: list[str]) -> int:
    """Exit code 1 where a distribution is missing from the list."""
    parser = argparse.ArgumentParser(description="Write a CycloneDX list of what runs with the service.")
    parser.add_argument("python", nargs="?", help="interpreter whose environment is listed")
    parser.add_argument("--output", type=Path, default=BUILD / "sbom.cdx.json")
    wanted = parser.parse_args(arguments)
    python = wanted.python or str(runtime())
    bom = bill(python)
    missing = installed(python) - listed(bom)
    if missing:
        print("not in the list: " + ", ".join(f"{name} {version}" for name, version in sorted(missing)))
        return 1
    wanted.output.parent.mkdir(parents=True, exist_ok=True)
    wanted.output.write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8")
    print(f"{len(installed(python))} distributions listed in {wanted.output.name}")
    return 0


def runtime() -> Path:
    """The Python of an environment that holds what the image holds."""
    folder = BUILD / "runtime"
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*install, "--require-hashes", "--requirement", "requirements/run.txt"], cwd=CHECKOUT, check=True)
    subprocess.run([*install, "--no-deps", "."], cwd=CHECKOUT, check=True)
    return python


def bill(python: str) -> dict[str, Any]:
    """CycloneDX JSON. cyclonedx-py validates it against the schema of the format."""
    command = [
        str(HOME / "bin" / "python"),
        "-m",
        "cyclonedx_py",
        "environment",
        "--output-reproducible",
        "--sv",
        "1.6",
        python,
    ]
    made = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    read: dict[str, Any] = json.loads(made.stdout)
    for component in read.get("components", ()):
        elsewhere = [one for one in component.get("externalReferences", ()) if not one["url"].startswith("file:")]
        component["externalReferences"] = elsewhere  # the service itself came from a folder of this machine
    return read


def installed(python: str) -> set[tuple[str, str]]:
    """Name and version of each distribution, as the interpreter finds them."""
    shown = subprocess.run([python, "-I", "-c", _INSTALLED], capture_output=True, text=True, check=True).stdout
    return {(name, version) for name, version in json.loads(shown)}


def listed(bom: dict[str, Any]) -> set[tuple[str, str]]:
    return {(_plain(one["name"]), one.get("version", "")) for one in bom.get("components", ())}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
