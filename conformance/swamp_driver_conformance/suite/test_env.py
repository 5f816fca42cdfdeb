"""The environment of a step (ENV)."""

from __future__ import annotations

import os

import pytest

from swamp_driver.errors import StepStartError
from swamp_driver.spec import StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._shell import UNTIL
from swamp_driver_conformance.suite._steps import output_of

_VALUES = {
    "EMPTY": "",
    "SPACES": "  two  ",
    "LINES": "one\ntwo\n",
    "EQUALS": "a=b=c",
    "QUOTES": "'\"`",
    "DOLLAR": "$HOME ${HOME} $(id)",
    "LETTERS": "größe-日本",
    "BACKSLASH": "a\\nb",
    "LARGE": "x" * 100_000,
    "lower": "case",
}
_OF_SHELLS = frozenset({"PWD", "OLDPWD", "SHLVL", "_"})


@clause("SWD-ENV-001")
def test_declared_values_arrive(run: Run) -> None:
    """Values of workflows are data of others."""
    script = "".join(f"printf '%s\\0' \"${{{name}-unset}}\"; " for name in _VALUES)
    done = run.sh(script, env=_VALUES)
    seen = done.stdout.decode(errors="replace").split("\0")[:-1]
    expect.equal(dict(zip(_VALUES, seen, strict=False)), _VALUES, "the values in the step")


def _exported(run: Run, **changes: object) -> dict[str, str]:
    """Return the names that a step has in its environment, with their values quoted."""
    lines = output_of(run, "export -p", **changes).splitlines()
    pairs = [line.removeprefix("export ").removeprefix("declare -x ") for line in lines]
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs) if name}


@clause("SWD-ENV-002")
def test_caller_environment_does_not_leak(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of the shell that starts a run end up in logs."""
    canaries = {
        name: f"canary-{name.lower()}"
        for name in ("SWAMP_CANARY", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH_CANARY", "HTTP_PROXY")
    }
    monkeypatch.setenv("SWAMP_CANARY", canaries["SWAMP_CANARY"])
    run = bench.prepared()
    for name, value in canaries.items():
        monkeypatch.setenv(name, value)
    seen = _exported(run)
    leaked = {name: value for name, value in seen.items() if "canary-" in value}
    expect.equal(leaked, {}, "variables of the caller in a step")
    others = set(seen) & set(os.environ) - set(run.request((":",)).env) - {"PATH"} - _OF_SHELLS
    same = {name for name in others if os.environ[name] and os.environ[name] in seen[name]}
    expect.equal(same, set(), "variables that have the caller's value in a step")


@clause("SWD-ENV-003")
def test_place_adds_nothing_but_its_path(run: Run) -> None:
    """What is not documented is relied upon all the same."""
    declared = set(run.request((":",)).env)
    added = set(_exported(run)) - declared - _OF_SHELLS
    others = {name for name in added if name != "PATH" and not name.startswith("SWAMP_")}
    expect.equal(others, set(), "variables that the step did not declare")


@clause("SWD-ENV-004")
def test_declared_values_win(run: Run) -> None:
    """It is how a step uses its own tools."""
    path = output_of(run, 'printf %s "$PATH"')
    wanted = {"PATH": f"/own/tools:{path}", "HOSTNAME": "own", "LANG": "xx"}
    seen = output_of(run, 'printf "%s " "$PATH" "$HOSTNAME" "$LANG"', env=wanted)
    expect.equal(seen, f"/own/tools:{path} own xx ", "PATH, HOSTNAME and LANG in the step")


@clause("SWD-ENV-005")
def test_environment_is_the_steps_own(run: Run) -> None:
    """It may hold a secret of just that step."""
    script = UNTIL + ': > "here-$1"; until_there "here-$2"; printf %s "$KEY-${ONLY_A-none}"'
    first = run.start_sh(script, "a", "b", env={"KEY": "a", "ONLY_A": "secret"})
    second = run.start_sh(script, "b", "a", env={"KEY": "b"})
    seen = (first.wait().text, second.wait().text)
    expect.equal(seen, ("a-secret", "b-none"), "the values in steps that run at once")
    seen_later = output_of(run, 'printf %s "${KEY-none}${ONLY_A-none}"')
    expect.equal(seen_later, "nonenone", "the values of earlier steps in a later one")


@clause("SWD-ENV-006")
def test_basic_utilities_are_found(run: Run) -> None:
    """A step that declares no PATH has one."""
    output_of(run, ": > file")
    seen = run.start(run.request(("ls", "file"))).wait()
    expect.equal(seen.text, "file\n", "`ls file` without a declared PATH")


@clause("SWD-ENV-007")
def test_large_environment_works_or_is_refused(run: Run) -> None:
    """It is the step that is wrong, not the driver."""
    env = {f"V{number}": "x" * 10_000 for number in range(100)}
    going = run.start_sh('printf %s "${#V99}"', env=env)
    try:
        done = going.wait()
    except StepStartError as error:
        expect.equal(error.reason, "arguments-too-long", "the reason in the error")
        return
    seen = (done.result.end, done.text)
    expect.equal(seen, (StepEnd.SUCCEEDED, "10000"), "a step with a megabyte of environment")


@clause("SWD-ENV-008")
def test_umask_of_the_caller_does_not_reach_steps(bench: Bench) -> None:
    """The same workflow makes private files for one user and public ones for another."""
    before = os.umask(0o077)
    try:
        run = bench.prepared()
        seen = output_of(run, "umask")
    finally:
        os.umask(before)
    expect.that(seen.strip().endswith("022"), "umask in a step", seen=seen, expected="022")
