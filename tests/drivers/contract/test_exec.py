"""Programs get what they were given, and their ends are told as they are (SWD-EXEC)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from swamp_driver.errors import StepStartError
from swamp_driver.spec import StepEnd
from tests.drivers.harness import LIMIT_S, OpenRun


def test_every_exit_code_comes_through(shared_run: OpenRun) -> None:
    """124, 125, 126, 127, 137 and 143 have no second meaning when a script gives them."""

    def run(code: int) -> tuple[StepEnd, int | None, int | None]:
        result = shared_run.execute("/bin/sh", "-c", f"exit {code}", directories=()).result
        return result.end, result.exit_code, result.signal

    telling = (0, 1, 2, 3, 42, 124, 125, 126, 127, 128, 129, 130, 137, 139, 143, 254, 255)
    codes = range(256) if shared_run.case.is_quick else telling
    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(run, codes))
    assert ends == [(StepEnd.FAILED if code else StepEnd.SUCCEEDED, code, None) for code in codes]


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV", "INT", "HUP", "PIPE", "USR1", "ABRT"])
def test_death_by_signal_is_told_as_such(shared_run: OpenRun, name: str) -> None:
    """The number of the signal, and 128 + n as a shell has it; no time-out, no lack of memory."""
    result = shared_run.execute("/bin/sh", "-c", f"kill -{name} $$; sleep 60").result
    number = signal.Signals[f"SIG{name}"].value
    assert (result.end, result.exit_code, result.signal) == (
        StepEnd.SIGNALLED,
        128 + number,
        number,
    )


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("no-such-program-anywhere", "not-found"),
        ("./missing", "not-found"),
        ("./plain", "not-executable"),
        ("./garbage", "not-executable"),
        ("./folder", "is-a-directory"),
        ("./plain/below", "not-found"),
        ("./bad-interpreter", "bad-interpreter"),
        ("", "not-found"),
    ],
)
def test_a_program_that_cannot_be_started_is_told_in_one_word(
    open_run: Callable[..., OpenRun], program: str, reason: str
) -> None:
    """Not 126 in one driver and 127 in the other; and nothing of it ran (SWD-EXEC)."""
    run = open_run()
    (run.path / "folder").mkdir()
    for name, content, mode in (
        ("plain", "#!/bin/sh\n", 0o644),
        ("garbage", "\0\0\0\0", 0o755),
        ("bad-interpreter", "#!/no/such/interpreter\n", 0o755),
    ):
        (run.path / name).write_text(content)
        (run.path / name).chmod(mode)
    step = run.start(program)
    with pytest.raises(StepStartError) as caught:
        assert step.result is None
    assert caught.value.reason == reason
    assert program.rpartition("/")[2] in caught.value.path
    assert list((run.run_dir / "exchange").iterdir()) == []


@pytest.mark.parametrize(
    ("cwd", "reason"),
    [
        ("missing", "cwd-missing"),
        ("file", "cwd-not-a-directory"),
        ("file/x", "cwd-not-a-directory"),
    ],
)
def test_a_working_directory_that_is_none_is_told_apart_from_the_program(
    open_run: Callable[..., OpenRun], cwd: str, reason: str
) -> None:
    """Both are "no such file" to the system."""
    run = open_run()
    (run.path / "file").write_text("x")
    with pytest.raises(StepStartError) as caught:
        assert run.start("/bin/sh", "-c", ":", cwd=str(run.path / cwd)).result is None
    assert caught.value.reason == reason
    assert caught.value.path == str(run.path / cwd)


def test_a_missing_program_in_a_missing_directory_is_about_the_directory(
    shared_run: OpenRun,
) -> None:
    """It is the first thing that fails, in every driver."""
    with pytest.raises(StepStartError) as caught:
        assert shared_run.start("no-such-program", cwd="/no/such/place").result is None
    assert caught.value.reason == "cwd-missing"


def test_a_program_is_looked_up_in_the_path_of_the_step(open_run: Callable[..., OpenRun]) -> None:
    """Not in that of the caller, and past what cannot be run."""
    run = open_run()
    for folder, mode in (("a", 0o644), ("b", 0o755)):
        (run.path / folder).mkdir()
        (run.path / folder / "tool").write_text(f"#!/bin/sh\necho {folder}\n")
        (run.path / folder / "tool").chmod(mode)
    path = f"{run.path}/missing:{run.path}/a:{run.path}/b"
    assert run.execute("tool", env={"PATH": path}).text == "b"
    with pytest.raises(StepStartError) as caught:
        assert run.start("tool", env={"PATH": f"{run.path}/a"}).result is None
    assert caught.value.reason == "not-executable"


ARGUMENTS = (
    "",
    " ",
    "a b",
    "new\nline",
    "'\"`$HOME$(id)\\",
    "*",
    "-n",
    "--",
    "ünï",
    "\udcff",
    "tab\tcr\r",
    "x" * 100_000,
)


def test_arguments_arrive_unmangled(shared_run: OpenRun) -> None:
    """No shell and no quoting comes between (SWD-EXEC)."""
    step = shared_run.execute("/bin/sh", "-c", "printf '%s\\0' \"$@\"", "sh", *ARGUMENTS)
    assert step.output() == b"".join(os.fsencode(argument) + b"\0" for argument in ARGUMENTS)


def test_arguments_beyond_the_limit_of_the_system_are_a_typed_error(shared_run: OpenRun) -> None:
    """The workflow asked for what no system does."""
    with pytest.raises(StepStartError) as caught:
        assert shared_run.start("/bin/sh", "-c", ":", *["x" * 100_000] * 100).result is None
    assert caught.value.reason == "arguments-too-long"


@pytest.mark.parametrize("argv", [("/bin/echo", "a\0b"), ("/bin/e\0cho",)])
def test_a_nul_in_an_argument_is_refused(shared_run: OpenRun, argv: tuple[str, ...]) -> None:
    """It would be cut there without a word."""
    with pytest.raises(StepStartError) as caught:
        assert shared_run.start(*argv).result is None
    assert caught.value.reason == "refused"


def test_a_script_ends_at_its_first_failing_command(shared_run: OpenRun) -> None:
    """`/bin/sh -e`, the same in every driver."""
    step = shared_run.sh("echo before; false; echo after")
    assert (step.result.end, step.result.exit_code, step.text) == (StepEnd.FAILED, 1, "before")


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_scripts_of_any_size_work(shared_run: OpenRun, size: int) -> None:
    """They go neither through argv nor through the environment, which have limits."""
    step = shared_run.sh("echo begin\n" + "# comment\n" * (size // 10) + "echo end\n")
    assert step.text == "begin\nend"


def test_standard_input_is_empty(shared_run: OpenRun) -> None:
    """A program that asks gets an end at once, not a hang (SWD-EXEC)."""
    step = shared_run.sh("cat; read -r line || echo none")
    assert (step.result.end, step.text) == (StepEnd.SUCCEEDED, "none")
    assert step.elapsed_s < 20


def test_there_is_no_terminal_even_under_one(shared_run: OpenRun) -> None:
    """Tools draw progress bars and ask questions on a terminal (SWD-EXEC)."""
    step = shared_run.sh(
        'for fd in 0 1 2; do test -t $fd && echo "$fd is a terminal"; done\n'
        "(: < /dev/tty) 2>/dev/null && echo 'has a terminal'; true"
    )
    assert step.text == ""


def test_signals_have_their_defaults(shared_run: OpenRun) -> None:
    """A caller that ignores signals (`nohup`, a service) must not make steps immune to them."""
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        result = shared_run.execute("/bin/sh", "-c", "kill -PIPE $$; echo survived").result
    finally:
        signal.signal(signal.SIGPIPE, before)
    assert result.end is StepEnd.SIGNALLED


def test_files_are_made_with_the_usual_modes(open_run: Callable[..., OpenRun]) -> None:
    """022 in every driver, so that the results have the same modes everywhere."""
    before = os.umask(0o077)
    try:
        run = open_run()
        assert run.sh("umask; touch file; ls -l file | cut -c 1-10").text == "0022\n-rw-r--r--"
    finally:
        os.umask(before)


def test_no_descriptors_of_the_driver_are_open_in_a_step(shared_run: OpenRun) -> None:
    """An inherited socket or file is a way into the driver."""
    read_fd, write_fd = os.pipe()
    try:
        for fd in (read_fd, write_fd):
            os.set_inheritable(fd, True)  # noqa: FBT003 - it takes no keyword
        step = shared_run.execute("/bin/ls", "/proc/self/fd")
    finally:
        os.close(read_fd)
        os.close(write_fd)
    # The fourth is the directory that `ls` reads.
    assert step.text.split() == ["0", "1", "2", "3"]


def test_the_process_of_the_driver_is_left_as_it_is(shared_run: OpenRun) -> None:
    """Working directory, environment, umask and signal handlers belong to the host (SWD-EXEC)."""

    def state() -> tuple[object, ...]:
        umask = os.umask(0o022)
        os.umask(umask)
        handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
        return Path.cwd(), dict(os.environ), umask, handlers

    before = state()
    steps = [shared_run.start_sh("cd /; X=1; export X; sleep 0.1; exit 1") for _ in range(4)]
    during = state()
    for step in steps:
        step.join()
    assert before == during == state()


def test_files_are_put_in_and_read_back(shared_run: OpenRun) -> None:
    """That is how scripts get in and outputs get out, bytes as they are."""
    content = bytes(range(256)) * 400
    step = shared_run.sh(
        'cp "$SWAMP_EXCHANGE/in" "$SWAMP_EXCHANGE/out"; ls "$SWAMP_EXCHANGE" | sort',
        files={"in": content},
        directories=("tmp", "work"),
        collect=("out", "output", "missing"),
    )
    assert step.text.split() == ["in", "out", "output", "script", "tmp", "work"]
    assert step.result.collected == {"out": content, "output": b""}
    assert step.result.collect_problems == {}


def test_what_a_step_swaps_into_the_exchange_is_not_read(shared_run: OpenRun) -> None:
    """A symlink would read for the step what the step may not read itself."""
    step = shared_run.sh(
        'cd "$SWAMP_EXCHANGE"; ln -s /etc/passwd link; mkdir folder; echo 12345 > large\n'
        "mkfifo fifo || true",
        collect=("link", "folder", "large", "fifo"),
        collect_limit_bytes=5,
    )
    assert step.result.end is StepEnd.SUCCEEDED
    assert step.result.collected == {}
    assert set(step.result.collect_problems) == {"link", "folder", "large", "fifo"}


def test_the_exchange_of_a_step_is_gone_after_it(shared_run: OpenRun) -> None:
    """Also where it left what is hard to remove; and a step of the same id finds nothing of it."""
    script = (
        'test ! -e "$TMPDIR/a"; mkdir -p "$TMPDIR/a/b/c"; touch "$TMPDIR/a/b/c/f"\n'
        'chmod 0 "$TMPDIR/a/b/c" "$TMPDIR/a/b"; exit 3'
    )
    for _ in range(2):
        assert shared_run.sh(script, step_id="again").result.exit_code == 3
    assert list((shared_run.run_dir / "exchange").iterdir()) == []


def test_times_and_usage_are_told(shared_run: OpenRun) -> None:
    """In seconds and bytes, by a clock that cannot be set."""
    result = shared_run.sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2").result
    assert 0.2 <= result.duration_s < LIMIT_S
    assert result.started_at > 1_700_000_000
    assert result.usage.cpu_s is None or 0 < result.usage.cpu_s < result.duration_s
    assert result.usage.max_rss_bytes is None or result.usage.max_rss_bytes > 100_000


def test_a_step_runs_from_any_thread(shared_run: OpenRun) -> None:
    """Hosts call from pools; the thread that prepared is gone by then."""
    texts: list[str] = []
    thread = threading.Thread(target=lambda: texts.append(shared_run.sh("echo hi").text))
    thread.start()
    thread.join(LIMIT_S)
    assert texts == ["hi"]
