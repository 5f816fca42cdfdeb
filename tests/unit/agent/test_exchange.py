"""The exchange directory: made for the step, read after it, gone when it returns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from swamp_driver.agent import AgentConnection
from swamp_driver.errors import WorkspaceError
from swamp_driver.spec import StepResult
from tests.unit.agent.steps import run, sh


def collect(
    connection: AgentConnection, exchange: Path, script: str, **changes: object
) -> StepResult:
    """Run a script in an exchange directory and return what came of its `output`."""
    changes = {"collect": ("output",), **changes}
    result = run(connection, sh(script, cwd="/", exchange=str(exchange), **changes)).result
    assert result.exit_code == 0
    assert not os.path.lexists(exchange)
    return result


def problems(result: StepResult) -> Mapping[str, str]:
    """Return what was not collected, making sure that nothing was."""
    assert result.collected == {}
    return result.collect_problems


def test_it_holds_what_the_step_was_given(connection: AgentConnection, tmp_path: Path) -> None:
    """Script, output and a place for temporary files, for the step's user alone."""
    exchange = tmp_path / "exchange"
    files = {"script": b"exit 0", "output": b"", "data": bytes(range(256)) * 40_000}

    ran = run(
        connection,
        sh(
            "cd $0; stat -c '%n %a %s' . *",
            str(exchange),
            exchange=str(exchange),
            files=files,
            directories=("tmp", "work"),
        ),
    )

    lines = [line.rsplit(" ", 1) for line in ran.stdout.decode().splitlines()]
    seen = dict(lines)
    assert set(seen) == {". 700", "data 600", "output 600", "script 600", "tmp 700", "work 700"}
    assert seen["data 600"] == str(256 * 40_000)


def test_what_the_step_wrote_comes_back(connection: AgentConnection, tmp_path: Path) -> None:
    """Large, empty, and not there at all."""
    exchange = tmp_path / "exchange"
    result = collect(
        connection,
        exchange,
        f"cd {exchange}; head -c 3000000 /dev/zero > output; : > empty; rm gone",
        files={"gone": b"x"},
        collect=("output", "empty", "gone"),
    )

    assert result.collected == {"output": bytes(3_000_000), "empty": b""}
    assert result.collect_problems == {}


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("ln -s /etc/passwd output", "it is a symlink"),
        ("mkdir output", "it is a directory"),
        ("mkfifo output", "it is not a regular file"),
        ("head -c 2000 /dev/zero > output", "it is too large"),
        ("truncate -s 1T output", "it is too large"),
        (
            "python3 -c 'import socket; socket.socket(1).bind(\"output\")'",
            "No such device or address",
        ),
    ],
)
def test_what_is_no_plain_file_is_not_read(
    connection: AgentConnection, tmp_path: Path, script: str, why: str
) -> None:
    """A step must not make its caller read, or wait for, something else."""
    exchange = tmp_path / "exchange"

    result = collect(connection, exchange, f"cd {exchange}; {script}", collect_limit_bytes=1000)

    assert problems(result) == {"output": why}


def test_another_directory_in_its_place_is_not_read(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """A step can move its exchange away and put a symlink there."""
    exchange, secret = tmp_path / "exchange", tmp_path / "secret"
    secret.mkdir()
    (secret / "output").write_text("secret")

    result = collect(
        connection, exchange, f"mv {exchange} {exchange}.old; ln -s {secret} {exchange}"
    )

    assert problems(result) == {}
    assert (secret / "output").read_text() == "secret"


def test_what_was_there_before_is_gone(connection: AgentConnection, tmp_path: Path) -> None:
    """The exchange is new for each step, whatever an earlier one left."""
    exchange = tmp_path / "exchange"
    (exchange / "deep" / "deeper").mkdir(parents=True)
    (exchange / "output").write_text("old")
    (exchange / "deep").chmod(0)

    assert problems(collect(connection, exchange, "true")) == {}


def test_it_goes_whatever_the_step_did_to_it(connection: AgentConnection, tmp_path: Path) -> None:
    """Without rights, many files, symlinks to elsewhere."""
    exchange, outside = tmp_path / "exchange", tmp_path / "outside"
    outside.write_text("stays")
    script = (
        f"cd {exchange}; mkdir -p a/b; seq 2000 | (cd a/b; xargs touch); "
        f"ln -s {outside} link; ln -s {tmp_path} a/up; echo x > output; chmod 0 a/b output .; true"
    )

    result = collect(connection, exchange, script)

    assert result.detail == ""
    assert outside.read_text() == "stays"


def test_without_a_parent_the_step_is_not_started(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """The run directory is not where it should be: no fault of the step."""
    exchange = tmp_path / "missing" / "exchange"

    with pytest.raises(WorkspaceError, match=f"step 'a step'.*'{exchange}'.*ENOENT"):
        run(connection, sh("true", exchange=str(exchange)))
