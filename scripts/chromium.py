"""The browser for tests/browser: Debian's Chromium, installed where it is missing and that is possible.

    .venv/bin/python scripts/chromium.py

A test tool's own download of a browser is not used: the system's package is updated with the system. Where it cannot be
installed from here, this says how, and the browser tests are skipped, which CI does not let pass.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW = "Tests in a browser need Chromium. On Debian, as root: apt-get install chromium"
_INSTALL = (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", "chromium"])


def main() -> int:
    """Always 0: the other tests run without a browser too."""
    if found():
        return 0
    if may_install():
        print("Installing Chromium for the tests in a browser", flush=True)
        for command in _INSTALL:
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
    if not found():
        print(HOW)
    return 0


def found() -> str | None:
    """The program's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


if __name__ == "__main__":
    sys.exit(main())
