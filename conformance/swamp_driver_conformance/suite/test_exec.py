"""Running a program (EXEC)."""

from __future__ import annotations

import signal

import pytest

from swamp_driver.errors import StepStartError
from swamp_driver.spec import StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._shell import NAP
from swamp_driver_conformance.suite._steps import output_of

_TELLING = (124, 125, 126, 127, 130, 134, 137, 139, 143)
_EACH_BIT = (0, 1, 2, 3, 7, 64, 127, 128, 129, 200, 254, 255)
_ARGUMENTS = (
    "",
    " ",
    "two words",
    "line\nbreak",
    "quote'\"both",
    "$HOME `id` $(id)",
    "*",
    "~",
    "-n",
    "--",
    "back\\slash\\n",
    "größe-日本",
    "a=b",
    "trailing ",
    "",
)


@clause("SWD-EXEC-001")
def test_exit_codes_come_back(run: Run, bench: Bench) -> None:
    """Tools say with it what happened."""
    count = bench.count(most=256, least=len(_EACH_BIT), budget_s=4)
    codes = range(256) if count == 256 else _EACH_BIT  # noqa: PLR2004 - that many there are
    seen = {code: run.sh(f"exit {code}").result.exit_code for code in codes}
    wrong = {code: got for code, got in seen.items() if code != got}
    expect.equal(wrong, {}, "exit codes that came back as others")


@clause("SWD-EXEC-002")
@pytest.mark.parametrize("code", _TELLING)
def test_exit_codes_have_no_second_meaning(run: Run, code: int) -> None:
    """Drivers that guess take them for time-outs, missing programs and kills."""
    result = run.sh(f"exit {code}").result
    seen = (result.end, result.exit_code, result.signal)
    expect.equal(seen, (StepEnd.FAILED, code, None), f"how `exit {code}` ends")


@clause("SWD-EXEC-003")
@pytest.mark.parametrize("name", ["KILL", "TERM", "ABRT", "SEGV", "USR1"])
def test_death_by_signal_is_told(run: Run, name: str) -> None:
    """One driver says -9, another 137, a third 1."""
    number = signal.Signals[f"SIG{name}"].value
    result = run.sh(f"kill -{name} $$; exit 1").result
    seen = (result.end, result.exit_code, result.signal)
    expect.equal(seen, (StepEnd.SIGNALLED, 128 + number, number), f"how `kill -{name} $$` ends")


def _refused(run: Run, *argv: str, reason: str, **changes: object) -> StepStartError:
    step = run.request(argv, **changes)
    with expect.raises(StepStartError, f"starting {argv[0][:60]!r}") as caught:
        run.start(step).wait()
    expect.equal(caught[0].reason, reason, "the reason in the error")
    return caught[0]


@clause("SWD-EXEC-004")
@pytest.mark.parametrize("program", ["/does/not/exist", "no-such-program-anywhere", "./nothing"])
def test_missing_program_is_told(run: Run, program: str) -> None:
    """It looks like an exit code of the program otherwise."""
    error = _refused(run, program, reason="not-found")
    expect.that(
        error.path.endswith(program.removeprefix("./")),
        "the path in the error",
        seen=error.path,
        expected=program,
    )


@clause("SWD-EXEC-005")
def test_file_without_execute_right_is_told(run: Run) -> None:
    """The same mistake has to read the same under every driver."""
    output_of(run, "printf '#!/bin/sh\\n' > plain; chmod 644 plain")
    _refused(run, f"{run.path}/plain", reason="not-executable")


@clause("SWD-EXEC-006")
def test_directory_as_program_is_told(run: Run) -> None:
    """The same mistake has to read the same under every driver."""
    output_of(run, "mkdir folder")
    _refused(run, f"{run.path}/folder", reason="is-a-directory")


@clause("SWD-EXEC-007")
def test_missing_interpreter_is_told(run: Run) -> None:
    """The system's own error sends people to the wrong file."""
    output_of(run, "printf '#!/does/not/exist\\n' > tool; chmod 755 tool")
    _refused(run, f"{run.path}/tool", reason="bad-interpreter")


@clause("SWD-EXEC-008")
def test_missing_working_directory_is_told(run: Run) -> None:
    """Engines make it, fail with 126, or take the root."""
    missing = f"{run.path}/missing"
    _refused(run, "/bin/sh", "-c", ":", reason="cwd-missing", cwd=missing)
    expect.equal(output_of(run, "ls -A ."), "", "what the refused step made")


@clause("SWD-EXEC-008")
def test_file_as_working_directory_is_told(run: Run) -> None:
    """The same mistake has to read the same under every driver."""
    output_of(run, ": > file")
    _refused(run, "/bin/sh", "-c", ":", reason="cwd-not-a-directory", cwd=f"{run.path}/file")


@clause("SWD-EXEC-009")
def test_too_long_arguments_are_told(run: Run) -> None:
    """It is the step that is wrong, not the driver."""
    arguments = ["x" * 100_000] * 100
    _refused(run, "/bin/sh", "-c", ":", *arguments, reason="arguments-too-long")


@clause("SWD-EXEC-010")
def test_arguments_arrive_unmangled(run: Run) -> None:
    """A driver that builds a command line for a shell loses some of them, or runs them."""
    arguments = (*_ARGUMENTS, "x" * 100_000)
    done = run.sh("printf '%s\\0' \"$@\"", *arguments)
    seen = tuple(done.stdout.decode(errors="replace").split("\0")[:-1])
    expect.equal(seen, arguments, "the arguments as the program got them")


@clause("SWD-EXEC-011")
def test_program_is_found_in_the_path_of_the_step(run: Run) -> None:
    """Otherwise a step that extends its PATH runs another program than it says."""
    output_of(
        run, "mkdir bin; printf '#!/bin/sh\\necho own\\n' > bin/own-tool; chmod 755 bin/own-tool"
    )
    path = output_of(run, 'printf %s "$PATH"')
    step = run.request(("own-tool",), env={"PATH": f"{run.path}/bin:{path}"})
    expect.equal(run.start(step).wait().text, "own\n", "a program from the step's own PATH")


@clause("SWD-EXEC-012")
def test_program_starts_in_its_working_directory(run: Run) -> None:
    """Relative paths depend on it."""
    output_of(run, "mkdir -p sub/folder")
    cwd = f"{run.path}/sub/folder"
    expect.equal(output_of(run, "pwd -P", cwd=cwd), f"{cwd}\n", "pwd -P in a step")


@clause("SWD-EXEC-013")
def test_standard_input_is_empty(run: Run) -> None:
    """A program that asks a question would wait for ever."""
    done = run.sh("cat; echo end", timeout_s=3.0)
    expect.equal((done.result.end, done.text), (StepEnd.SUCCEEDED, "end\n"), "`cat` in a step")


@clause("SWD-EXEC-016")
@pytest.mark.parametrize("name", ["PIPE", "XFSZ"])
def test_signals_have_their_default_effect(run: Run, name: str) -> None:
    """A `yes | head` that inherits an ignored SIGPIPE never ends."""
    number = signal.Signals[f"SIG{name}"].value
    result = run.sh(f"/bin/sh -c 'kill -{name} $$; exit 0'; exit $?").result
    expect.equal(result.exit_code, 128 + number, f"a shell that sends {name} to itself")


@clause("SWD-EXEC-017")
def test_leader_without_output_is_waited_for(run: Run) -> None:
    """Waiting for the end of the output alone reports success too early."""
    done = run.sh(f"{NAP} exec >&- 2>&-; n=0; while [ $n -lt 8 ]; do n=$((n+1)); nap; done; exit 5")
    expect.equal(done.result.exit_code, 5, "the exit code of a step that closed its output")


@clause("SWD-EXEC-020")
@pytest.mark.parametrize(
    "name",
    ["a/b", "../..", "line\nbreak", "größe 日本", "x" * 1000, "$(touch made)", "", "-rf"],
    ids=["slash", "dots", "newline", "letters", "long", "shell", "empty", "dash"],
)
def test_name_may_be_any_text(run: Run, name: str) -> None:
    """Container names have few letters; names of steps do not."""
    expect.equal(output_of(run, "echo fine; ls -A .", name=name), "fine\n", "a step of that name")


@clause("SWD-EXEC-020")
def test_id_may_have_forty_characters(run: Run) -> None:
    """Names that are made of it must not be cut off."""
    expect.equal(output_of(run, "echo fine", step_id="x" * 40), "fine\n", "a step with a long id")
