"""A program that cannot be started: the same words for it everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swamp_driver.agent import AgentConnection
from swamp_driver.errors import StepStartError
from tests.unit.agent.steps import run, step


def start_failure(connection: AgentConnection, *argv: str, **changes: object) -> tuple[str, str]:
    """Return reason and path of a start that fails."""
    with pytest.raises(StepStartError) as caught:
        run(connection, step(*argv, **changes))
    assert caught.value.path in str(caught.value)
    return caught.value.reason, caught.value.path


def program(path: Path, content: str, mode: int = 0o755) -> str:
    """Write a program."""
    path.write_text(content)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("name", ["no-such-program", "/no/such/program", "", "/etc/passwd/x"])
def test_a_program_that_is_not_there(connection: AgentConnection, name: str) -> None:
    """With a slash and without."""
    assert start_failure(connection, name) == ("not-found", name)


def test_a_file_that_is_no_program(connection: AgentConnection, tmp_path: Path) -> None:
    """No right to execute, or nothing that the kernel knows how to run."""
    plain = program(tmp_path / "plain", "#!/bin/sh\n", 0o644)
    text = program(tmp_path / "text", "echo no shebang\n")
    empty = program(tmp_path / "empty", "")

    for path in (plain, text, empty):
        assert start_failure(connection, path) == ("not-executable", path)
    env = {"PATH": str(tmp_path)}
    assert start_failure(connection, "plain", env=env) == ("not-executable", plain)


def test_a_directory(connection: AgentConnection, tmp_path: Path) -> None:
    """Named outright it is a mistake; in PATH it is skipped, as a shell does."""
    assert start_failure(connection, str(tmp_path)) == ("is-a-directory", str(tmp_path))
    (tmp_path / "name").mkdir()
    env = {"PATH": str(tmp_path)}
    assert start_failure(connection, "name", env=env) == ("not-found", "name")


@pytest.mark.parametrize("interpreter", ["/no/such/interpreter", "/bin/sh\r", "/etc/passwd", "/"])
def test_an_interpreter_that_cannot_run(
    connection: AgentConnection, tmp_path: Path, interpreter: str
) -> None:
    """The kernel says that the script is not there; it is, its interpreter is not."""
    path = tmp_path / "script"
    path.write_bytes(f"#!{interpreter}\necho no\n".encode())
    path.chmod(0o755)

    assert start_failure(connection, str(path)) == ("bad-interpreter", str(path))


def test_a_working_directory_that_is_not_there(connection: AgentConnection, tmp_path: Path) -> None:
    """The program is not to blame."""
    missing, file = str(tmp_path / "missing"), str(tmp_path / "file")
    Path(file).write_text("")

    assert start_failure(connection, "true", cwd=missing) == ("cwd-missing", missing)
    assert start_failure(connection, "true", cwd=file) == ("cwd-not-a-directory", file)


def test_arguments_that_are_too_long(connection: AgentConnection) -> None:
    """One of more than 128 kB, or all of more than the limit of the system."""
    reason, _ = start_failure(connection, "true", "x" * (1 << 20))
    assert reason == "arguments-too-long"
    big = {f"V{n}": "x" * 100_000 for n in range(200)}
    reason, _ = start_failure(connection, "true", env=big)
    assert reason == "arguments-too-long"


@pytest.mark.parametrize(
    "changes",
    [
        {"argv": ("true", "a\0b")},
        {"argv": ()},
        {"argv": ("true", "\ud800")},
        {"env": {"A": "x\0"}},
        {"env": {"": "x"}},
        {"env": {"A=B": "x"}},
        {"cwd": "/\0"},
        {"files": {"../x": b""}},
        {"collect": ("..",)},
        {"directories": ("a/b",)},
    ],
    ids=str,
)
def test_what_no_process_can_have_is_refused(
    connection: AgentConnection, changes: dict[str, object]
) -> None:
    """And the connection is none the worse for it."""
    argv = changes.pop("argv", ("true",))
    assert isinstance(argv, tuple)
    reason, _ = start_failure(connection, *argv, **changes)
    assert reason == "refused"
    assert run(connection, step("true")).result.exit_code == 0


def test_a_failed_start_leaves_no_exchange_directory(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """It was made before the start was tried."""
    exchange = tmp_path / "exchange"
    start_failure(connection, "nope", exchange=str(exchange), files={"script": b"x"})
    assert not os.path.lexists(exchange)
