"""`swamp-driver new`: what it makes is a package that installs, works and passes its own test."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from swamp_driver.cli._scaffold import DriverNames, render_project
from tests.run.command import EXAMPLES, SWAMP_DRIVER, run

LIMIT_S = 600.0


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Make a virtual environment that also has what is installed here; return its Python."""
    venv.create(tmp_path / "venv", symlinks=True, with_pip=False)
    (site,) = (tmp_path / "venv/lib").glob("python3*/site-packages")
    outer = sysconfig.get_path("purelib")
    (site / "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n", encoding="utf-8")
    return tmp_path / "venv/bin/python"


def call(*words: str | Path, cwd: Path | None = None) -> str:
    """Run a program that must succeed; return what it printed."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def install(python: Path, package: Path) -> None:
    """Install a package from its directory, without a network."""
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    call(python, "-m", "pip", "install", "-q", *offline, package)


def installed_drivers(python: Path) -> dict[str, dict[str, object]]:
    """Return what `swamp-driver drivers` says in that environment."""
    listed = json.loads(call(python, "-m", "swamp_driver.cli", "drivers", "--json"))
    return {driver["name"]: driver for driver in listed}


@pytest.mark.timeout(900)
def test_a_new_driver_conforms_as_it_is(tmp_path: Path, python: Path) -> None:
    """An author begins with something that is right, and sees at once when it is not any more."""
    package = tmp_path / "package"
    call(SWAMP_DRIVER, "new", "far-away", "--directory", package)
    install(python, package)

    assert installed_drivers(python)["far-away"]["usable"] is True
    call(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    report = json.loads((package / "report/report.json").read_text(encoding="utf-8"))
    assert report["verdict"]["word"] in {"conformant", "incomplete"}


def test_a_new_driver_runs_workflows(tmp_path: Path, python: Path) -> None:
    """The first thing that an author wants to see is a run."""
    call(SWAMP_DRIVER, "new", "here", "--directory", tmp_path / "package")
    install(python, tmp_path / "package")
    (tmp_path / "w.yaml").write_text(
        "name: w\njobs: [{name: j, steps: [{name: s, run: echo it runs}]}]\n", encoding="utf-8"
    )
    command = (python, "-m", "swamp_driver.cli", "run", tmp_path / "w.yaml", "--driver", "here")
    assert "it runs" in call(*command)


@pytest.mark.parametrize("name", ["ssh", "bubblewrap"])
def test_the_example_drivers_can_be_installed(name: str, tmp_path: Path, python: Path) -> None:
    """They are packages of strangers, and not a part of this one."""
    copy = tmp_path / name
    call("cp", "-r", EXAMPLES / "drivers" / name, copy)
    install(python, copy)
    assert installed_drivers(python)[name]["usable"] is True


@pytest.mark.parametrize("name", ["x", "a" * 30])
def test_new_code_is_formatted_and_typed(name: str, tmp_path: Path) -> None:
    """Nobody wants to clean up a beginning: a name changes the length of lines."""
    call(SWAMP_DRIVER, "new", name, "-d", tmp_path / "package")
    ruff = (sys.executable, "-m", "ruff")
    select = ("--isolated", "--line-length", "100", "--select", "E,F,I,UP,B,SIM,RUF,D1")
    call(*ruff, "check", *select, tmp_path / "package")
    call(*ruff, "format", "--isolated", "--line-length", "100", "--check", tmp_path / "package")
    call(sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", ".",
         cwd=tmp_path / "package")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Big", "'Big' cannot be the name of a driver"),
        ("-x", "no such option"),
        ("a--b", "'a--b' cannot be the name of a driver"),
        ("a" * 31, "30 characters at most"),
        ("raw", "there is a driver 'raw' already (swamp-drivers"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(name: str, says: str, tmp_path: Path) -> None:
    """It becomes the name of a package, of a module and of an entry point."""
    code, output = run("new", name, "-d", tmp_path / "package")
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert says in output.lower().replace("'big'", "'Big'")


def test_what_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    """A second call by mistake must not undo an afternoon's work."""
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    code, output = run("new", "far", "-d", tmp_path)
    assert code == 2
    assert "is not empty" in output
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["mine"]


def test_a_directory_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    """The file system has the last word."""
    (tmp_path / "file").touch()
    code, output = run("new", "far", "-d", tmp_path / "file" / "package")
    assert code == 3
    assert "cannot be made: not a directory" in output.lower()


def test_all_names_follow_from_one() -> None:
    """A person types one name and finds it everywhere."""
    files = render_project(DriverNames("driver-2"))
    assert "swamp_driver_driver_2/_driver.py" in files
    assert "class Driver2Driver:" in files["swamp_driver_driver_2/_driver.py"]
    assert "class Driver2Config:" in files["swamp_driver_driver_2/_driver.py"]
    assert '"swamp_driver_driver_2:Driver2Driver"' in files["pyproject.toml"]
    assert not [text for text in files.values() if "$name" in text or "$module" in text]
