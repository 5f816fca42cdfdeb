"""What only a real process can show: signals, pipes that break, terminals, exit codes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import textwrap
from pathlib import Path

import pytest

from tests.run.command import LIMIT_S, alive_below, left_in, start
from tests.unit.cli.builders import Terminal

COMMAND = (sys.executable, "-m", "swamp_driver.cli")


def workflow(directory: Path, script: str) -> Path:
    """Write a workflow of one step."""
    path = directory / "one.yaml"
    indented = textwrap.indent(script, " " * 10)
    path.write_text(
        f"name: one\njobs:\n  - name: a\n    steps:\n      - name: b\n        run: |\n{indented}\n",
        encoding="utf-8",
    )
    return path


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read lines until one holds these words."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"it ended without saying {words!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_the_run_and_cleans_up(
    root: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The step gets TERM and may say goodbye; nothing is left; the exit code is 130."""
    script = "trap 'echo goodbye; exit 0' TERM\necho ready\nsleep 600 & wait"
    with start("run", workflow(tmp_path, script)) as process:
        wait_for(process, "| ready")
        process.send_signal(number)
        output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert "stopping: steps get time to end" in output
    assert "a/b | goodbye" in output
    assert "Traceback" not in output
    assert left_in(root) == []
    assert alive_below(root) == []


def test_two_signals_kill_at_once(root: Path, tmp_path: Path) -> None:
    """A step that ignores TERM has no ten seconds when the person presses again."""
    script = "trap '' TERM\necho ready\nwhile :; do sleep 600; done"
    with start("run", workflow(tmp_path, script)) as process:
        wait_for(process, "| ready")
        process.send_signal(signal.SIGINT)
        wait_for(process, "stopping: steps get time to end")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert "stopping now" in output
    assert left_in(root) == []
    assert alive_below(root) == []


def test_a_reader_that_goes_away_changes_nothing_of_the_run(root: Path, tmp_path: Path) -> None:
    """`swamp-driver run f | head -1`: the step finishes, and nothing is said about the pipe."""
    done = tmp_path / "done"
    script = f"echo one\nseq 1 20000\necho finished > {done}\nexit 7"
    with subprocess.Popen(
        [*COMMAND, "run", str(workflow(tmp_path, script))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
    assert done.read_text(encoding="utf-8") == "finished\n"


def test_a_reader_of_help_may_go_away(root: Path) -> None:
    """`swamp-driver --help | head -1` must not complain."""
    script = f"{sys.executable} -m swamp_driver.cli run --help | head -n 1 >/dev/null"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_full_disk_does_not_end_the_run(root: Path, tmp_path: Path) -> None:
    """The log of a CI system may be full; the steps are not to blame."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "run", str(workflow(tmp_path, "echo hello"))],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_stdout_does_not_end_the_run(root: Path, tmp_path: Path) -> None:
    """Daemons start programs without one."""
    command = [*COMMAND, "run", str(workflow(tmp_path, "echo hello"))]
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_of_a_log_may_go_away(root: Path, tmp_path: Path) -> None:
    """`swamp-driver logs a/b | head -1` ends quietly, like any program of its kind."""
    subprocess.run(
        [*COMMAND, "run", str(workflow(tmp_path, "seq 1 200000")), "-q"],
        check=True,
        capture_output=True,
    )
    script = f"{' '.join(COMMAND)} logs a/b | head -n 1"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_events_and_diagnostics_do_not_mix(root: Path, tmp_path: Path) -> None:
    """Stdout is for the program; what a person must know goes to stderr."""
    with subprocess.Popen(
        [*COMMAND, "run", str(workflow(tmp_path, "echo ready\nsleep 600")), "--format", "json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("text") == "ready\n":
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=LIMIT_S)
    assert json.loads(out.splitlines()[-1])["exit_code"] == process.returncode == 130
    assert err.startswith("stopping")


class OnTerminal:
    """The command on a terminal of 80 x 24."""

    def __init__(self, *arguments: str | Path, environ: dict[str, str] | None = None) -> None:
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environ or {})}
        for name in ("COLUMNS", "LINES"):
            env.pop(name, None)
        self.written = ""
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=env,
            start_new_session=True,
        )
        os.close(follower)

    def read(self) -> str:
        """Wait for more; return all that was written so far."""
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # Linux says so when the last writer has gone
            data = b""
        if not data:
            raise EOFError(self.written)
        self.written += data.decode(errors="replace")
        return self.written

    def vanish(self) -> None:
        """Close the terminal under the command."""
        os.close(self._leader)

    def finish(self) -> int:
        """Read to the end; return the exit code."""
        with contextlib.suppress(EOFError):
            while True:
                self.read()
        self.vanish()
        return self.process.wait(timeout=LIMIT_S)


def test_on_a_terminal_the_view_is_live_and_goes_away(root: Path, tmp_path: Path) -> None:
    """The tree is there while the run goes on; at the end there are the log and a summary."""
    script = "echo hello\necho almost done >&2\nsleep 1\nexit 3"
    command = OnTerminal("run", workflow(tmp_path, script))
    assert command.finish() == 1
    terminal = Terminal()
    terminal.write(command.written)
    assert "0/1 steps" in command.written
    assert command.written.rindex("\x1b[?25h") > command.written.rindex("\x1b[?25l")
    screen = [line for line in terminal.screen if "0/1 steps" not in line]
    assert screen == terminal.screen
    assert screen[1:3] == ["a/b | hello", "a/b | almost done"]
    assert screen[-2].startswith("✗ run ")


def test_colours_on_a_terminal_can_be_turned_off(root: Path, tmp_path: Path) -> None:
    """NO_COLOR is respected; without it there is colour."""
    file = workflow(tmp_path, "printf '\\033[31mred\\033[0m\\n'")
    for no_color, coloured in (("1", False), ("", True)):
        command = OnTerminal("run", file, environ={"NO_COLOR": no_color})
        assert command.finish() == 0
        assert ("\x1b[31mred" in command.written) is coloured
        assert ("\x1b[32m" in command.written) is coloured


def test_what_a_step_prints_cannot_move_the_cursor(root: Path, tmp_path: Path) -> None:
    """Clearing the screen, titles, alternate screens: shown as text, never obeyed."""
    hostile = r"printf '\033[2J\033]0;evil\007\033[?1049h\033[10A\n'"
    command = OnTerminal("run", workflow(tmp_path, hostile))
    assert command.finish() == 0
    for sequence in ("\x1b[2J", "\x1b]0;", "\x07", "\x1b[?1049h", "\x1b[10A"):
        assert sequence not in command.written
    assert "^[[2J^[]0;evil^G" in command.written


def test_a_terminal_that_vanishes_does_not_end_the_steps(root: Path, tmp_path: Path) -> None:
    """Where no SIGHUP comes (a container, a multiplexer that crashed) only writing fails."""
    gone = tmp_path / "gone"
    done = tmp_path / "done"
    script = f"echo ready\nuntil test -e {gone}; do sleep 0.1; done\necho more\ntouch {done}"
    terminal = OnTerminal("run", workflow(tmp_path, script))
    while "| ready" not in terminal.read():
        pass
    terminal.vanish()
    gone.touch()
    assert terminal.process.wait(timeout=LIMIT_S) == 0
    assert done.exists()
