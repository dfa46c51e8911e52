"""The scripts behind `make`: a fit environment, no skip unseen, no path of one machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project_script import script

CHECKOUT = Path(__file__).resolve().parents[2]


environment = script("environment")
run_tests = script("run_tests")
check_tree = script("check_tree")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with a space in its path, whose installations are only counted."""
    here = tmp_path / "a checkout"
    here.mkdir()
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, here / name)
    venv = here / ".venv"
    monkeypatch.setattr(environment, "CHECKOUT", here)
    monkeypatch.setattr(environment, "LOCKS", here / "requirements")
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(environment, "STAMP", venv / "stamp.json")
    monkeypatch.setattr(environment, "made", lambda: made(venv))
    # Stands in for `python -m pip`: writes down what it was asked to install.
    recorder = "import sys; open('installed', 'a').write(sys.argv[-1] + '\\n')"
    monkeypatch.setattr(environment, "pip", lambda: [sys.executable, "-c", recorder])
    return here


def made(venv: Path) -> bool:
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)], check=True)
    return True


def installed(checkout: Path) -> list[str]:
    return (checkout / "installed").read_text().splitlines()


def test_a_second_start_installs_nothing(checkout: Path) -> None:
    assert environment.main([]) == 0
    assert environment.main([]) == 0
    assert installed(checkout) == ["."]


def test_extras_are_added_to_those_that_are_there(checkout: Path) -> None:
    for extras in (["test"], ["check"], ["test"], []):
        assert environment.main(extras) == 0
    assert installed(checkout) == [".[test]", ".[check,test]"]


def test_changed_requirements_are_installed_again(checkout: Path) -> None:
    environment.main(["test"])
    with (checkout / "setup.cfg").open("a") as setup:
        setup.write("\n# changed\n")
    environment.main([])
    assert installed(checkout) == [".[test]", ".[test]"]


def test_an_installation_that_failed_is_tried_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(environment, "pip", lambda: [sys.executable, "-c", "raise SystemExit(3)"])
        assert environment.main([]) == 3
    assert environment.main([]) == 0
    assert installed(checkout) == ["."]


def lock(checkout: Path, *names: str) -> None:
    (checkout / "requirements").mkdir(exist_ok=True)
    for name in names:
        (checkout / "requirements" / f"{name}.txt").write_text(f"# {name}\n")


def test_locked_versions_are_installed_first(checkout: Path) -> None:
    lock(checkout, "run", "test", "check")
    assert environment.main(["test"]) == 0
    assert installed(checkout) == [str(checkout / "requirements" / "test.txt"), ".[test]"]


def test_a_changed_lock_is_installed_again(checkout: Path) -> None:
    lock(checkout, "run")
    for _ in range(2):
        assert environment.main([]) == 0
    lock(checkout, "check")
    assert environment.main([]) == 0
    run = str(checkout / "requirements" / "run.txt")
    assert installed(checkout) == [run, ".", run, "."]


def test_where_the_locked_versions_cannot_be_had_it_says_so_and_goes_on(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock(checkout, "run")
    choosy = "import sys; '--require-hashes' in sys.argv and sys.exit(1); open('installed', 'a').write(sys.argv[-1])"
    monkeypatch.setattr(environment, "pip", lambda: [sys.executable, "-c", choosy])
    assert environment.main([]) == 0
    assert installed(checkout) == ["."]
    assert "The locked versions cannot be installed here" in capsys.readouterr().out


def test_an_environment_that_was_moved_or_broken_is_made_anew(checkout: Path) -> None:
    environment.main([])
    assert environment.fits()
    elsewhere = checkout.with_name("elsewhere")
    shutil.copytree(checkout / ".venv", elsewhere / ".venv", symlinks=True)
    shutil.rmtree(checkout / ".venv")
    assert not environment.fits()
    shutil.copytree(elsewhere / ".venv", checkout / ".venv", symlinks=True)
    assert environment.fits()
    activate = checkout / ".venv" / "bin" / "activate"
    activate.write_text(activate.read_text().replace(str(checkout), str(elsewhere)))
    assert not environment.fits()
    assert environment.main([]) == 0
    assert environment.fits()
    assert installed(checkout) == [".", "."]


def test_an_environment_without_python_is_not_fit(checkout: Path) -> None:
    environment.main([])
    (checkout / ".venv" / "bin" / "python").unlink()
    assert not environment.fits()


PYTEST_FILE = """
import pytest

def test_that_runs():
    assert True

@pytest.mark.skipif(True, reason="because")
@pytest.mark.parametrize("case", ["a", "b"])
def test_that_does_not(case):
    assert False
"""


def run_in(folder: Path, allowed: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """The script as `make test` calls it, in a checkout with two skipped tests."""
    for name in ("scripts", ".ci", "tests"):
        (folder / name).mkdir()
    shutil.copy(CHECKOUT / "scripts" / "run_tests.py", folder / "scripts")
    (folder / ".ci" / "allowed-skips.txt").write_text(allowed)
    (folder / "tests" / "test_some.py").write_text(PYTEST_FILE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    command = [sys.executable, "scripts/run_tests.py"]
    return subprocess.run(
        command, cwd=folder, env={**kept, **variables}, capture_output=True, text=True, check=False, timeout=120
    )


REVIEWED = (
    "# reviewed\ntests/test_some.py::test_that_does_not[a]  # because\ntests/test_some.py::test_that_does_not[b]\n"
)


def test_a_skip_that_nobody_reviewed_fails_in_ci(tmp_path: Path) -> None:
    done = run_in(tmp_path, "# nothing\n", CI="true")
    assert done.returncode == 1
    assert "SKIPPED without review: tests/test_some.py::test_that_does_not[a]" in done.stdout


def test_reviewed_skips_pass_in_ci(tmp_path: Path) -> None:
    done = run_in(tmp_path, REVIEWED, CI="true")
    assert (done.returncode, "1 passed, 2 skipped" in done.stdout) == (0, True)


def test_a_skip_is_no_failure_on_a_desk(tmp_path: Path) -> None:
    assert run_in(tmp_path, "").returncode == 0


def test_a_reviewed_skip_that_runs_again_has_to_be_taken_off_the_list(tmp_path: Path) -> None:
    done = run_in(tmp_path, f"{REVIEWED}tests/test_some.py::test_that_runs\n", CI="true")
    assert done.returncode == 1
    assert "no longer skipped, remove from allowed-skips.txt: tests/test_some.py::test_that_runs" in done.stdout


def test_the_list_of_reviewed_skips_can_be_read() -> None:
    assert all("::" in line for line in run_tests.allowed(run_tests.ALLOWED))


# Put together here, so that this file does not name what it looks for.
HOME, SLASH = "/" + "home/somebody", "/"


@pytest.mark.parametrize(
    "line",
    [
        f"see {HOME}/notes.txt",
        f'path = "{SLASH}root/.config/x"',
        f"cd {SLASH}Users/Ann/project/ && make",
        f"({SLASH}work{SLASH}x)",
        "index-url = https://packages.internal.example/simple",
    ],
)
def test_a_place_on_one_machine_is_found(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(check_tree, "CHECKOUT", tmp_path)
    file = tmp_path / "notes.md"
    file.write_text(f"first\n{line}\n")
    [complaint] = check_tree.judge(file, ["packages.internal.example"])
    assert complaint.startswith("notes.md:2: ")


@pytest.mark.parametrize(
    "line",
    [
        "/cds-services/ldn-order-sign",
        "https://example.com/home/x/",
        "/data/ldn-cds.sqlite",
        "network/home/",
        "/usr/bin/env",
    ],
)
def test_what_is_the_same_everywhere_is_no_complaint(line: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text(line)
    assert list(check_tree.judge(file, [])) == []
