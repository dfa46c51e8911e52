"""The Dockerfile, followed on this machine without a container engine.

The instructions are read from the file and carried out below a folder that stands for the root of the image, so that
the file and what is tested cannot drift apart. Left out is only what needs root: the creation of the user and of /data.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from project_script import script

from cds_service import __version__

CHECKOUT = Path(__file__).resolve().parents[2]
IN_IMAGE = ("/src", "/wheels", "/opt/build", "/opt/ldn-cds", "/data")
NEEDS_ROOT = ("useradd", "install --directory")
script("lock"), script("fuzzers")
sbom = script("sbom")


@dataclass
class Stage:
    """What one FROM leads to; `steps` are (instruction, words) in order."""

    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [words for name, words in self.steps if name == instruction]

    def one(self, instruction: str) -> str:
        [words] = self.all(instruction)
        return words

    @property
    def environment(self) -> dict[str, str]:
        return dict(words.split("=", 1) for words in self.all("ENV"))


def read_dockerfile() -> list[Stage]:
    stages: list[Stage] = []
    for line in (CHECKOUT / "Dockerfile").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            assert not line.endswith("\\"), "keep to one line an instruction"
            name, words = line.split(" ", 1)
            if name == "FROM":
                stages.append(Stage())
            stages[-1].steps.append((name, words))
    return stages


BUILD, FINAL = read_dockerfile()


@dataclass
class Image:
    """The image's root, and how to run its command."""

    root: Path

    def inside(self, words: str) -> str:
        """Paths of the image as paths on this machine."""
        places = "|".join(map(re.escape, IN_IMAGE))
        return re.sub(rf"(?<![\w.])({places})(?![\w-])", lambda found: f"{self.root}{found[1]}", words)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        stated = {name: self.inside(value) for name, value in FINAL.environment.items()}
        path = stated["PATH"].replace("$PATH", "/usr/bin:/bin")
        return {**kept, **stated, "PATH": path, "HOME": "/nonexistent"}

    def run(self, *words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        everything = {**self.environment, **environment}
        program = shutil.which(words[0], path=everything["PATH"])
        assert program is not None
        assert program.startswith(str(self.root))
        return subprocess.run(
            [program, *words[1:]], cwd=cwd, env=everything, capture_output=True, text=True, check=False, timeout=120
        )


def sh(command: str, cwd: Path, tools: Path) -> None:
    """Without compiling to byte code, which takes as long as everything else and changes nothing that is tested."""
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PIP_NO_COMPILE": "1"}
    done = subprocess.run(["sh", "-ec", command], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def copy_in(words: str, folder: Path) -> None:
    """COPY from the checkout, past what .dockerignore keeps out."""
    admitted = [line[1:] for line in (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"]
    *sources, target = words.split()
    for source in sources:
        assert source in admitted, f"{source} is kept out by .dockerignore"
        if (CHECKOUT / source).is_dir():
            shutil.copytree(
                CHECKOUT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite")
            )
        else:
            shutil.copy(CHECKOUT / source, folder / target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Both stages carried out."""
    made = Image(tmp_path_factory.mktemp("image"))
    tools = tmp_path_factory.mktemp("tools")  # the base image's `python` and `pip`
    for name, words in (("python", ""), ("pip", "-m pip")):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (tools / name).chmod(0o755)
    for stage in (BUILD, FINAL):
        folder = made.root
        for name, words in stage.steps:
            if name == "WORKDIR":
                folder = Path(made.inside(words))
                folder.mkdir(parents=True, exist_ok=True)
            elif name == "COPY" and words.startswith("--from=build "):
                source, target = words.split()[1:]
                assert source == target
                assert Path(made.inside(source)).exists()
            elif name == "COPY":
                copy_in(words, folder)
            elif name == "RUN" and not words.startswith(NEEDS_ROOT):
                sh(made.inside(words), folder, tools)
    return made


def wheel_of(folder: Path) -> Path:
    [wheel] = folder.glob("*.whl")
    return wheel


def shipped_files() -> set[str]:
    """Every file of the clinicians' rooms and of the package, by its name inside a wheel."""
    names = set()
    for room in ("cds_service", "cards", "fhir_fixtures"):
        target = room if room == "cds_service" else f"cds_service/content/{room}"
        for path in (CHECKOUT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                names.add(f"{target}/{path.relative_to(CHECKOUT / room).as_posix()}")
    return names


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return {name for name in opened.namelist() if not name.endswith("/")}


def test_the_wheel_carries_every_file_and_no_other(image: Image) -> None:
    wheel = wheel_of(image.root / "wheels")
    assert wheel.name.startswith(f"ldn_cds-{__version__}-")
    content = {name for name in names_in(wheel) if ".dist-info/" not in name}
    assert content == shipped_files()
    kinds = {Path(name).suffix for name in content}
    assert {".py", ".csv", ".toml", ".md", ".json"} <= kinds


def test_the_sdist_builds_the_same_wheel(image: Image, tmp_path: Path) -> None:
    backend = tmp_path / "backend"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    requires = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    subprocess.run([*pip, "install", "--target", str(backend), *requires], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    tracked = {name for name in os.fsdecode(listed.stdout).split("\0") if (CHECKOUT / name).is_file()}
    source = tmp_path / "source"
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, source / name)
    build = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": str(backend)}
    command = [sys.executable, "-c", build, str(tmp_path)]
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as opened:
        held = {name.split("/", 1)[1] for name in opened.getnames() if "/" in name}
    assert tracked - held == set()
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(sdist)], check=True)
    assert names_in(wheel_of(tmp_path)) == names_in(wheel_of(image.root / "wheels"))


def test_the_installed_wheel_passes_its_own_cases_from_anywhere(image: Image, tmp_path: Path) -> None:
    done = image.run("cds-service", "replay", "--quiet", cwd=tmp_path)
    cases = len(list((CHECKOUT / "fhir_fixtures").rglob("expected.json")))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{cases} passed, 0 failed\n", "")


def test_the_image_holds_what_the_lock_says_and_the_service_and_nothing_else(image: Image, tmp_path: Path) -> None:
    """No pip either. The markers of the lock are judged by the Python of the image."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (CHECKOUT / "requirements" / "run.txt").read_text("utf-8").splitlines()
    locked = [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalpha()]
    wanted = {
        (canonicalize_name(one.name), str(one.specifier)) for one in locked if not one.marker or one.marker.evaluate()
    }
    there = sbom.installed(str(image.root / "opt" / "ldn-cds" / "bin" / "python"))
    assert {(name, f"=={version}") for name, version in there} == wanted | {("ldn-cds", f"=={__version__}")}


def test_the_bill_of_materials_lists_everything_that_is_installed(image: Image, tmp_path: Path) -> None:
    python, output = str(image.root / "opt" / "ldn-cds" / "bin" / "python"), tmp_path / "sbom.cdx.json"
    assert sbom.main([python, "--output", str(output)]) == 0
    bom = json.loads(output.read_text("utf-8"))
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom.listed(bom) >= sbom.installed(python)
    assert len(sbom.installed(python)) > 40
    assert str(image.root) not in output.read_text("utf-8")


def test_a_bill_that_lacks_something_is_not_written(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python, output = str(image.root / "opt" / "ldn-cds" / "bin" / "python"), tmp_path / "sbom.cdx.json"
    whole = sbom.bill(python)
    short = {**whole, "components": [one for one in whole["components"] if one["name"].lower() != "flask"]}
    monkeypatch.setattr(sbom, "bill", lambda _: short)
    assert sbom.main([python, "--output", str(output)]) == 1
    assert not output.exists()
    assert "not in the list: flask " in capsys.readouterr().out


def test_the_installed_package_is_not_the_checkout(image: Image, tmp_path: Path) -> None:
    where = "from cds_service.content import cards_dir, fixtures_dir; print(cards_dir()); print(fixtures_dir())"
    places = image.run("python", "-c", where, cwd=tmp_path).stdout.split()
    assert [place.startswith(f"{image.root}/opt/ldn-cds/") for place in places] == [True, True]


def test_the_image_holds_no_build_tools_and_runs_as_nobody_special() -> None:
    assert [words for words in FINAL.all("RUN") if not words.startswith(NEEDS_ROOT)] == []
    assert FINAL.all("COPY") == ["--from=build /opt/ldn-cds /opt/ldn-cds"]
    user, _, group = FINAL.one("USER").partition(":")
    assert int(user) >= 1000
    assert int(group) >= 1000
    [created] = [words for words in FINAL.all("RUN") if words.startswith("useradd")]
    assert f"--uid {user} " in created
    [folder] = [words for words in FINAL.all("RUN") if words.startswith("install")]
    assert folder.split()[-1] == FINAL.one("VOLUME") == FINAL.one("WORKDIR")


def test_the_database_is_on_the_volume_and_the_port_is_the_default_one() -> None:
    from cds_service.settings import Settings

    settings = Settings.read(FINAL.environment)
    assert settings.database_url.startswith(f"sqlite:///{FINAL.one('VOLUME')}/")
    assert int(FINAL.one("EXPOSE")) == settings.port
    assert f"'CDS_PORT', '{settings.port}'" in FINAL.one("HEALTHCHECK")


def test_the_composition_may_write_to_its_volume_and_to_memory_and_has_no_rights() -> None:
    [service] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text("utf-8"))["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == FINAL.one("USER")
    assert [place.split(":")[0] for place in service["tmpfs"]] == ["/tmp"]
    mounts = [mount.split(":") for mount in service["volumes"]]
    assert [target for _, target, *mode in mounts if mode != ["ro"]] == [FINAL.one("VOLUME")]
    assert service["environment"]["CDS_CLIENTS_FILE"] in [target for _, target, *_ in mounts]
    assert [port.split(":")[0] for port in service["ports"]] == ["127.0.0.1"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & set(service)


def test_everything_that_is_installed_in_the_image_is_locked_by_digest() -> None:
    installs = [
        words for stage in (BUILD, FINAL) for words in stage.all("RUN") if "pip" in words and " install " in words
    ]
    assert len(installs) == 3
    assert [one for one in installs if "--require-hashes" not in one and "--no-deps /wheels/*.whl" not in one] == []


def snapshot(root: Path) -> dict[str, float]:
    """Everything in the image but the volume, with the time of its last change."""
    outside = (path for path in root.rglob("*") if not path.is_relative_to(root / "data"))
    return {str(path): path.lstat().st_mtime for path in outside}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(image: Image, port: int) -> Iterator[None]:
    """CMD as it stands in the file, in the image's environment and folder."""
    command: list[str] = json.loads(FINAL.one("CMD"))
    program = shutil.which(command[0], path=image.environment["PATH"])
    assert program is not None
    environment = {**image.environment, "CDS_PORT": str(port), "CDS_WORKERS": "1", "CDS_OPEN_DEVELOPMENT": "on"}
    folder = Path(image.inside(FINAL.one("WORKDIR")))
    log = image.root / "data" / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([program, *command[1:]], cwd=folder, env=environment, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 60
            while healthy(image, port).returncode != 0:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(timeout=40)


def healthy(image: Image, port: int) -> "subprocess.CompletedProcess[str]":
    """HEALTHCHECK as it stands in the file."""
    command: list[str] = json.loads(FINAL.one("HEALTHCHECK").partition(" CMD ")[2])
    return image.run(*command, cwd=image.root, CDS_PORT=str(port))


def fetch(url: str, body: bytes | None = None) -> Any:
    call = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(call, timeout=20) as reply:
        assert reply.status == 200
        return json.loads(reply.read())


def test_the_image_serves_answers_and_writes_nothing_but_its_volume(image: Image) -> None:
    before, port = snapshot(image.root), free_port()
    base = f"http://127.0.0.1:{port}"
    request = CHECKOUT / "fhir_fixtures/opioid-naltrexone-same-session/fires-c10-signing-without-any-data/request.json"
    assert healthy(image, port).returncode != 0
    with running(image, port):
        services = fetch(f"{base}/cds-services")["services"]
        address = next(service["id"] for service in services if service["hook"] == "order-sign")
        cards = fetch(f"{base}/cds-services/{address}", request.read_bytes())["cards"]
        ready = fetch(f"{base}/health/ready")
    assert cards[0]["source"]["topic"]["code"] == "opioid-naltrexone-same-session"
    assert ready["store"] == "reachable"
    assert (image.root / "data" / "ldn-cds.sqlite").stat().st_size > 0
    assert snapshot(image.root) == before


def test_the_image_does_not_start_open_to_all_by_mistake(image: Image) -> None:
    command: list[str] = json.loads(FINAL.one("CMD"))
    done = image.run(*command, cwd=Path(image.inside(FINAL.one("WORKDIR"))))
    assert done.returncode == 2
    assert "CDS_CLIENTS_FILE" in done.stderr


def test_the_command_is_one_that_the_package_installs() -> None:
    command = json.loads(FINAL.one("CMD"))
    assert command[:2] == ["cds-service", "serve"]
    assert shlex.join(command[2:]) == "--host 0.0.0.0"
