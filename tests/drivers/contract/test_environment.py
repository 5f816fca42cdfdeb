"""A step has the environment that was declared for it, and no other (SWD-ENV)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swamp_driver.errors import StepStartError
from swamp_driver.spec import StepEnd
from tests.drivers.harness import OpenRun, new_token, wait_until

OF_THE_PLACE = {"PATH", "HOSTNAME", "PWD", "OLDPWD", "SHLVL", "_", "SWAMP_STEP_TAG"}
"""What a place and its shell may define by themselves."""


def test_the_environment_of_the_caller_does_not_pass(
    shared_run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets of the caller must not get to a step by accident, on the host least of all."""
    monkeypatch.setenv("SECRET_CANARY", "leaked")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/leaked")
    output = shared_run.execute("/usr/bin/env").text
    assert "leaked" not in output
    names = {line.partition("=")[0] for line in output.split("\n")}
    declared = {"HOME", "TMPDIR", "LANG", "SWAMP_WORKSPACE", "SWAMP_EXCHANGE"}
    assert declared <= names <= declared | OF_THE_PLACE


VALUES = {
    "EMPTY": "",
    "LINES": "one\ntwo\n",
    "EQUALS": "a=b=c",
    "QUOTES": "'\"`$HOME\\",
    "UNICODE": "ünï 日本",
    "BYTES": "\udcff\udcfe",
    "LARGE": "x" * 100_000,
    "lower_case": "1",
}


def test_values_of_every_kind_arrive_unchanged(shared_run: OpenRun) -> None:
    """No shell and no quoting comes between."""
    output = shared_run.execute("/usr/bin/env", "-0", env=VALUES).output()
    entries = dict(entry.partition(b"=")[::2] for entry in output.split(b"\0") if entry)
    assert {name: entries[os.fsencode(name)] for name in VALUES} == {
        name: os.fsencode(value) for name, value in VALUES.items()
    }


def test_two_megabytes_work_or_are_a_typed_error(shared_run: OpenRun) -> None:
    """The system may refuse it, but not half of it."""
    env = {f"LARGE_{number}": "x" * 100_000 for number in range(30)}
    step = shared_run.start("/bin/sh", "-c", "test ${#LARGE_29} = 100000", env=env)
    try:
        outcome: object = step.result.end
    except StepStartError as error:
        outcome = error.reason
    assert outcome in (StepEnd.SUCCEEDED, "arguments-too-long")


def test_a_declared_path_replaces_the_one_of_the_place(shared_run: OpenRun) -> None:
    """What is declared wins."""
    step = shared_run.execute("/bin/sh", "-c", 'echo "$PATH"', env={"PATH": "/declared"})
    assert step.text == "/declared"


def test_programs_are_found_without_a_declared_path(shared_run: OpenRun) -> None:
    """The place has one by itself."""
    assert shared_run.execute("sh", "-c", "echo found").text == "found"


def test_what_one_step_sets_no_other_sees(shared_run: OpenRun) -> None:
    """Also not with steps side by side that have different values of one name."""
    name = new_token()
    steps = [
        shared_run.start_sh(
            f'echo "$KEY"; export KEY=changed {name}=set; while test ! -e ../home/{name}; do '
            'sleep 0.02; done; echo "$KEY"',
            env={"KEY": str(number)},
        )
        for number in range(3)
    ]
    (Path(shared_run.run.workspace.home) / name).touch()
    assert [step.text for step in steps] == [f"{n}\nchanged" for n in range(3)]
    assert shared_run.sh(f'echo "${{{name}-unset}}"').text == "unset"
    assert name not in os.environ


def test_secret_values_are_on_no_command_line(shared_run: OpenRun) -> None:
    """Every user of a machine can read those of all processes (SWD-SEC)."""
    secret, ready = new_token(), new_token()
    step = shared_run.start_sh(
        f"echo ready; while test ! -e ../home/{ready}; do sleep 0.02; done; echo ${{#TOKEN}}",
        env={"TOKEN": secret},
        secret_names=frozenset({"TOKEN"}),
    )
    step.wait_for_output(b"ready")
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:
            continue
    (Path(shared_run.run.workspace.home) / ready).touch()
    assert not [line for line in lines if secret.encode() in line]
    assert step.text.split() == ["ready", str(len(secret))]
    wait_until(lambda: step.is_over, "the step ends")
