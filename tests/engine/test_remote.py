"""Engines elsewhere: behind TLS, and behind ssh."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from swamp_driver.errors import UnavailableError
from swamp_driver.spec import StepEnd
from tests.engine.place import MODES, docker_run, opened, volumes_of
from tests.engine.tls import tls_engine

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("mode", MODES)
def test_an_engine_behind_tls(tmp_path: Path, certs: Path, mode: str) -> None:
    """It shares no directory, so the run lives there; output comes as it is written."""
    with tls_engine(certs) as url:
        options = {"mode": mode, "host": url, "certPath": str(certs)}
        with opened(tmp_path, options) as run:
            assert run.workspace is not None
            assert not run.workspace.host_visible
            step = run.start_sh("echo one; while [ ! -e go ]; do sleep 0.02; done; echo two")
            step.wait_for_output(b"one\n")
            assert run.sh("touch go").result.end is StepEnd.SUCCEEDED
            assert step.text == "one\ntwo"
            big = run.sh("head -c 3000000 /dev/zero")
            assert len(big.output()) == 3_000_000
    assert volumes_of(run) == []


def test_an_engine_that_cannot_prove_itself(tmp_path: Path, certs: Path) -> None:
    """A wrong certificate is never "fine for now"."""
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    for name in ("cert.pem", "key.pem"):
        (wrong / name).write_bytes((certs / name).read_bytes())
    (wrong / "ca.pem").write_bytes((certs / "server.pem").read_bytes())
    with tls_engine(certs) as url:
        run = docker_run(tmp_path, {"host": url, "certPath": str(wrong)})
        with pytest.raises(UnavailableError):
            run.prepare()


FAKE_SSH = """#!{python}
import os, socket, sys, threading
args = sys.argv[1:]
if "refused" in args:
    sys.exit("Permission denied (publickey).")
here, _, there = args[args.index("-L") + 1].partition(":")
assert args[-3:-1] == ["--", "me@box"] and "BatchMode=yes" in args, args
listener = socket.socket(socket.AF_UNIX)
listener.bind(here)
listener.listen(64)
def pump(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
def serve():
    while True:
        client, _ = listener.accept()
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(there)
        for pair in ((client, engine), (engine, client)):
            threading.Thread(target=pump, args=pair, daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
"""


@pytest.fixture
def fake_ssh(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program `ssh` into PATH that forwards a socket to one of this machine."""
    directory = tmp_path_factory.mktemp("bin")
    program = directory / "ssh"
    program.write_text(FAKE_SSH.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


@pytest.mark.usefixtures("fake_ssh")
def test_an_engine_behind_ssh(tmp_path: Path) -> None:
    """Its socket is forwarded once, and stands any number of calls at once."""
    with opened(tmp_path, {"mode": "session", "host": "ssh://me@box"}) as run:
        steps = [run.start_sh("echo hi") for _ in range(8)]
        assert {step.text for step in steps} == {"hi"}


@pytest.mark.usefixtures("fake_ssh")
def test_an_ssh_that_fails_is_quoted(tmp_path: Path) -> None:
    """Its own words are the best there are."""
    run = docker_run(tmp_path, {"host": "ssh://refused"})
    with pytest.raises(UnavailableError, match="cannot be reached by ssh"):
        run.prepare()
