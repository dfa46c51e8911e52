"""Write requirements/*.txt anew: every distribution that is installed, with its version and the digests of its files.

    .venv/bin/python scripts/lock.py [--upgrade]

Why a script: setup.cfg says what would do, a lock says what was tried. There is one lock for the service (`run`), one
for each extra, which holds the service's too, and two for what has an environment of its own, the build and the
fuzzers; all for any system and any Python we support. Versions in a lock stay where setup.cfg still allows them;
`--upgrade` takes the newest. No index is written into them.
"""

import configparser
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = CHECKOUT / "requirements"
# Each agrees with those before it, so that several can be installed into one environment.
EXTRAS = ("redis", "test", "docs", "check")
OLDEST = "3.11"


def main(arguments: list[str]) -> int:
    """Exit code 0, or that of uv where it found no set of versions."""
    LOCKS.mkdir(exist_ok=True)
    before: list[str] = []
    for name in ("run", *EXTRAS):
        extra = [] if name == "run" else ["--extra", name]
        constraints = [word for lock in before for word in ("--constraint", f"requirements/{lock}.txt")]
        if code := compiled(name, ["setup.cfg", *extra, *constraints], arguments):
            return code
        before.append(name)
    for name, alone in (("build", build_requirements()), ("fuzz", of_extra("fuzz"))):
        if code := compiled_alone(name, alone, arguments):
            return code
    print("locked what setup.cfg and pyproject.toml ask for")
    return 0


def compiled_alone(name: str, requirements: list[str], arguments: list[str]) -> int:
    """A lock that holds none of the service's distributions, for an environment of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".in", dir=LOCKS) as wanted:
        wanted.write("\n".join(requirements))
        wanted.flush()
        return compiled(name, [wanted.name], [*arguments, "--no-annotate"])


def compiled(name: str, sources: list[str], options: list[str]) -> int:
    """uv's exit code. `--universal`: one file for all systems, with markers where they differ."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", *sources, *options),
        *("--universal", "--python-version", OLDEST, "--generate-hashes", "--no-header", "--no-emit-index-url"),
        "--no-strip-extras",  # or pip 23 takes `coverage[toml]` for something without a version
        *("--output-file", f"requirements/{name}.txt"),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode


def build_requirements() -> list[str]:
    wanted: list[str] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    return wanted


def direct(extra: str = "") -> list[str]:
    """Requirements as setup.cfg states them: those of the service, and those of an extra."""
    return [*_lines(_setup()["options"]["install_requires"]), *(of_extra(extra) if extra else ())]


def of_extra(extra: str) -> list[str]:
    return _lines(_setup()["options.extras_require"][extra])


def _setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg", "utf-8")
    return setup


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
