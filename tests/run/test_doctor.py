"""`swamp-driver doctor`: what keeps runs from working here is named, each by really causing it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from swamp_driver.host.doctor import ask_driver, judge_driver
from swamp_driver.host.doctor._ask import Limits
from tests.drivers.harness import wait_until
from tests.engine.second import second_engine_at
from tests.run.command import LIMIT_S, left_in
from tests.run.shell import Shell

BUSYBOX = "swamp-test/busybox"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set this up")


@pytest.fixture
def call(root: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Return a way to call commands."""
    return Shell(capsys)


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory for sockets, whose paths may have 100 bytes only."""
    return tmp_path_factory.mktemp("s")


Findings = dict[str, list[tuple[str, str]]]


def found_in(out: str, section: str) -> Findings:
    """Return what a section of `--json` says: by check, level and text with its fix."""
    found: Findings = {}
    for one in json.loads(out)["sections"]:
        if one["name"] == section:
            for finding in one["findings"]:
                text = " / ".join(filter(None, (finding["what"], finding["fix"])))
                found.setdefault(finding["check"], []).append((finding["level"], text))
    assert found, out
    return found


def doctor(call: Shell, *arguments: str) -> tuple[int, str]:
    """Ask, and return exit code and JSON."""
    done = call("doctor", *arguments, "--json")
    return done.code, done.out


def test_all_is_well(call: Shell, root: Path) -> None:
    """A step runs under the driver that needs nothing, and nothing is left of it."""
    done = call("doctor", "raw")
    assert done.code == 0, done.out
    assert "✓ runs a step" in done.out
    assert left_in(root) == []


def test_the_summary_is_for_people(call: Shell) -> None:
    """The last line is what one looks at first."""
    code, out = doctor(call, "raw")
    data = json.loads(out)
    assert (code, data["ok"]) == (0, True)
    assert [one["name"] for one in data["sections"]] == ["this host", "driver raw"]


def test_an_option_that_is_wrong_is_named(call: Shell) -> None:
    """One asks the doctor with the options that do not work."""
    code, out = doctor(call, "raw", "-c", "passEnv=x")
    (finding,) = found_in(out, "driver raw")["works here"]
    assert (code, finding[0]) == (3, "problem")
    assert "passEnv" in finding[1]


@pytest.mark.parametrize("arguments", [("-c", "image=x"), ("raw", "-c", "image")])
def test_options_that_cannot_be_understood(call: Shell, arguments: tuple[str, ...]) -> None:
    """An error of whoever asks is no finding."""
    assert call("doctor", *arguments).code == 2


# --- directories -----------------------------------------------------------------------------


def test_a_root_that_is_a_file(call: Shell, root: Path) -> None:
    """Nothing can be made below it, whoever one is."""
    root.write_text("")
    code, out = doctor(call, "raw")
    ((level, text),) = found_in(out, "this host")["workspaces"]
    assert (code, level) == (3, "problem")
    assert "not a directory" in text
    assert "SWAMP_DRIVER_ROOT" in text


@contextmanager
def mounted(path: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory."""
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@needs_root
@pytest.mark.parametrize(
    ("options", "check", "words"),
    [
        ("size=1m", "space", "no space"),
        ("size=200m", "space", "only 200 MiB are free"),
        ("size=2g,nr_inodes=50", "space", "no inodes"),
        ("size=2g,noexec", "programs", "noexec"),
        ("size=2g,ro", "workspaces", "read-only"),
    ],
)
def test_a_file_system_that_does_not_do(
    call: Shell, root: Path, options: str, check: str, words: str
) -> None:
    """Each of these shows as an odd failure of a step, hours later."""
    with mounted(root, options):
        _, out = doctor(call, "raw")
    findings = found_in(out, "this host")[check]
    assert any(words in text for _, text in findings), findings


@needs_root
def test_a_full_disk(call: Shell, root: Path) -> None:
    """The files of an earlier run took it all: nothing can be written, and that is said first."""
    with mounted(root, "size=256k"):
        with pytest.raises(OSError, match="No space"):
            (root / "full").write_bytes(bytes(1 << 20))
        code, out = doctor(call, "raw")
    found = found_in(out, "this host")
    assert code == 3
    assert "no space" in found["workspaces"][0][1]
    assert "no space" in found["space"][0][1]


def test_records_that_are_damaged(call: Shell, root: Path) -> None:
    """They keep every run from starting."""
    state = root.parent / "state"
    state.mkdir()
    (state / "runs.sqlite").write_bytes(b"no database" * 1000)
    code, out = doctor(call, "raw")
    ((level, text),) = found_in(out, "this host")["records"]
    assert (code, level) == (3, "problem")
    assert "not a database" in text


def test_odd_and_linked_paths_are_warned_of(
    call: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They work, until a program comes that does not expect them."""
    (tmp_path / "with space").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "with space")
    monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(tmp_path / "link"))
    code, out = doctor(call, "raw")
    found = found_in(out, "this host")
    assert code == 0
    assert (found["path"][0][0], "' ' in it" in found["path"][0][1]) == ("warning", True)
    assert f"'{tmp_path}/link', leads there" in found["workspaces"][0][1]


# --- drivers of others -----------------------------------------------------------------------


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a way to install a driver `acme` whose module has this source."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(source: str) -> None:
        (site / "acme_module.py").write_text(textwrap.dedent(source), encoding="utf-8")
        info = site / "acme_swamp-2.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-swamp\nVersion: 2.1\n")
        (info / "entry_points.txt").write_text("[swamp.drivers]\nacme = acme_module:Driver\n")

    return install


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import no_such_module", "it needs the module 'no_such_module'"),
        ("raise RuntimeError('not today')", "importing it raised RuntimeError: not today"),
        ("Driver = 3", "not a class"),
        ("import os; os._exit(9)", "importing it: its process ended with exit code 9"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            "importing it: its process ended with SIGSEGV",
        ),
    ],
)
def test_a_broken_driver_is_named(
    call: Shell, install: Callable[[str], None], source: str, words: str
) -> None:
    """With its distribution, and beside drivers that work."""
    install(source)
    code, out = doctor(call, "acme", "raw")
    ((level, text),) = found_in(out, "driver acme")["loads"]
    assert (code, level) == (3, "problem")
    assert words in text
    assert found_in(out, "driver raw")["runs a step"][0][0] == "ok"


def test_a_driver_of_others_that_works(call: Shell, install: Callable[[str], None]) -> None:
    """What it prints at import is nobody's business."""
    install("from swamp_driver.testing import FakeDriver as Driver\nprint('{', flush=True)")
    code, out = doctor(call, "acme")
    found = found_in(out, "driver acme")
    assert code == 0
    assert found["loads"] == [("ok", "acme-swamp 2.1, acme_module:Driver, contract 1.1")]
    assert found["works here"] == [("skipped", "it does not offer to be asked")]
    assert found["runs a step"][0][0] == "ok"


HANGING = """\
import subprocess, sys, time
started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({marker!r}, "w").write(str(started.pid))
time.sleep(600)
"""


def test_an_import_that_hangs_ends(tmp_path: Path, install: Callable[[str], None]) -> None:
    """With all that it started; nobody would know which of ten drivers it is."""
    marker = tmp_path / "pid"
    install(HANGING.format(marker=str(marker)))
    answers = ask_driver("acme", config={}, roots=[], limits=Limits(load=5.0))
    (finding,) = judge_driver(answers).findings
    assert (finding.level, finding.what) == ("problem", "importing it: no answer within 5 s")
    started = int(marker.read_text())
    wait_until(lambda: not psutil.pid_exists(started) or _is_dead(started), "it is gone")


def _is_dead(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_interrupted_doctor_leaves_no_process(
    root: Path, tmp_path: Path, install: Callable[[str], None]
) -> None:
    """The child is in a session of its own: no terminal ends it."""
    marker = tmp_path / "pid"
    install(HANGING.format(marker=str(marker)))
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "swamp_driver.cli", "doctor", "acme"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
        wait_until(lambda: marker.exists() and marker.read_text(), "the import hangs")
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 130
    started = int(marker.read_text())
    wait_until(lambda: not psutil.pid_exists(started) or _is_dead(started), "it is gone")


# --- engines ---------------------------------------------------------------------------------


def ask_docker(call: Shell, url: str, *arguments: str) -> tuple[int, Findings]:
    """Ask about docker at an address."""
    code, out = doctor(call, "docker", "-c", f"host={url}", *arguments)
    return code, found_in(out, "driver docker")


def test_an_engine_that_is_down(call: Shell, short: Path) -> None:
    """The likeliest of all; and no step is tried where there is nothing to run it."""
    code, found = ask_docker(call, f"unix://{short}/none.sock", "-c", "image=x")
    ((level, text),) = found["works here"]
    assert (code, level) == (3, "problem")
    assert "cannot be reached" in text
    assert "start the engine" in text
    assert "runs a step" not in found


def test_a_socket_that_nobody_listens_at(call: Shell, short: Path) -> None:
    """It stays behind when an engine is killed."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(short / "dead.sock"))
    code, found = ask_docker(call, f"unix://{short}/dead.sock")
    assert (code, found["works here"][0][0]) == (3, "problem")
    assert "cannot be reached" in found["works here"][0][1]


def test_an_engine_that_hangs(call: Shell, short: Path) -> None:
    """It accepts, and never answers."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(short / "silent.sock"))
        silent.listen(8)
        code, found = ask_docker(call, f"unix://{short}/silent.sock")
    assert (code, found["works here"][0][0]) == (3, "problem")
    assert "does not answer" in found["works here"][0][1]


def test_a_socket_that_may_not_be_used(root: Path, short: Path) -> None:
    """As every user sees it who is not in the group `docker`."""
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(short / "closed.sock"))
        closed.listen(1)
        (short / "closed.sock").chmod(0)
        done = subprocess.run(
            [
                *as_plain_user(),
                *(sys.executable, "-m", "swamp_driver.cli", "doctor", "docker", "--json"),
                *("-c", f"host=unix://{short}/closed.sock"),
            ],
            stdout=subprocess.PIPE,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    ((level, text),) = found_in(done.stdout, "driver docker")["works here"]
    assert (done.returncode, level) == (3, "problem")
    assert "may not be used by this user" in text
    assert "join the group" in text


def as_plain_user() -> list[str]:
    """Return what makes root as powerless over files as everybody else."""
    if os.geteuid() != 0:
        return []
    rights = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", "--bounding-set", rights, "--inh-caps", rights]


@pytest.mark.engine
def test_an_engine_that_works_without_an_image(call: Shell) -> None:
    """What else there is to try is told, with the words to type."""
    code, out = doctor(call, "docker")
    found = found_in(out, "driver docker")
    assert (code, found["works here"][0][0]) == (0, "ok")
    assert "cgroup v" in found["works here"][0][1]
    ((level, text),) = found["runs a step"]
    assert level == "skipped"
    assert "swamp-driver doctor docker -c image=..." in text


@pytest.mark.engine
@pytest.mark.parametrize("driver", ["docker", "docker-session"])
def test_an_engine_that_works_with_an_image(call: Shell, root: Path, driver: str) -> None:
    """A step has run, in a container that sees the same files, and nothing is left."""
    code, out = doctor(call, driver, "-c", f"image={BUSYBOX}", "-c", "pull=never")
    found = found_in(out, f"driver {driver}")
    assert code == 0, out
    assert f"as user {os.getuid()}:{os.getgid()} on Linux" in found["runs a step"][0][1]
    assert found["other files"][0][0] == "ok"
    assert left_in(root) == []


@pytest.mark.engine
@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("swamp-test/nowhere:1", "swamp-test/nowhere:1"),
        ("swamp-test/scratch", "'run' needs /bin/sh"),
    ],
)
def test_an_image_that_does_not_do(call: Shell, image: str, words: str) -> None:
    """It is not there, or has no shell."""
    code, out = doctor(call, "docker", "-c", f"image={image}", "-c", "pull=never")
    ((level, text),) = found_in(out, "driver docker")["runs a step"]
    assert (code, level) == (3, "problem")
    assert words in text


@pytest.mark.engine
@needs_root
def test_an_engine_that_sees_other_files_and_has_no_bridge(
    call: Shell, tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real one, to which one directory of this host is hidden: as in a machine of its own."""
    hidden, seen = tmp_path / "hidden", tmp_path / "seen"
    hidden.mkdir()
    seen.mkdir()
    options = ("-c", f"image={BUSYBOX}", "-c", "pull=never")
    with second_engine_at(short, hidden=hidden) as engine:
        monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(hidden / "root"))
        code, found = ask_docker(call, engine.url, *options)
        assert code == 3
        (_, (level, text)) = found["works here"]
        assert level == "warning"
        assert "no bridge network" in text
        ((level, text),) = found["runs a step"]
        assert level == "problem"
        assert f"'{hidden}/root/runs/" in text
        assert "is not the same directory in the container" in text
        assert "SWAMP_DRIVER_ROOT" in text

        monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(seen / "root"))
        monkeypatch.setattr("tempfile.tempdir", str(hidden))
        code, found = ask_docker(call, engine.url, *options, "-c", "network=none")
        assert (code, found["runs a step"][0][0]) == (0, "ok")
        assert [level for level, _ in found["works here"]] == ["ok"]
        ((level, text),) = found["other files"]
        assert level == "warning"
        assert f"'{hidden}'" in text


@pytest.mark.engine
@needs_root
def test_an_engine_whose_bridge_is_gone(call: Shell, short: Path) -> None:
    """Another engine on the machine deletes it: the list of networks still has it."""
    with second_engine_at(short, bridge=True) as engine:
        engine.lose_bridge()
        options = ("-c", f"image={BUSYBOX}", "-c", "pull=never")
        code, found = ask_docker(call, engine.url, *options)
    ((level, text),) = found["runs a step"]
    assert (code, level) == (3, "problem")
    assert "the engine has no bridge network" in text
    assert "network: host" in text
