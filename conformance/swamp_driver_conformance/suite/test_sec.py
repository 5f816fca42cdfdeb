"""Secrets and borders (SEC)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.errors import StepStartError
from swamp_driver.spec import Capability, StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.loading import Subject, open_hooks
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import files_with, need_processes, processes_with, token
from swamp_driver_conformance.suite._shell import UNTIL
from swamp_driver_conformance.suite._steps import output_of


def _secret() -> tuple[str, dict[str, Any]]:
    """Return a secret, and how a step is told it."""
    value = token()
    return value, {"env": {"API_KEY": value}, "secret_names": frozenset({"API_KEY"})}


@clause("SWD-SEC-001")
def test_secrets_are_on_no_command_line(run: Run) -> None:
    """Every user of the machine can read command lines."""
    need_processes()
    value, told = _secret()
    going = run.start_sh(f"{UNTIL} echo ready; until_there go; echo ${{#API_KEY}}", **told)
    going.saw("ready")
    shown = processes_with(value, parts=("cmdline",))
    output_of(run, ": > go")
    done = going.wait()
    expect.equal(len(shown), 0, "processes with the secret on their command line")
    expect.equal(done.text, f"ready\n{len(value)}\n", "the step, which has its secret")


@clause("SWD-SEC-002")
def test_secrets_are_in_no_report(bench: Bench) -> None:
    """They are stored and shown."""
    value, told = _secret()
    run = bench.prepared()
    shown = [repr(run.workspace)]
    for script, changes in (
        ("exit 3", {}),
        ("kill -KILL $$", {}),
        ("sleep 5", {"timeout_s": 0.2}),
        ('ln -s x "$TMPDIR/../out"; exit 1', {"collect": ("out",)}),
    ):
        result = run.sh(script, **told, **changes).result
        shown += [repr(attrs.evolve(result, collected={}))]
    step = run.request(("/does/not/exist",), **told)
    with expect.raises(StepStartError, "a program that does not exist") as caught:
        run.start(step).wait()
    shown += [str(caught[0]), repr(run.progress), repr(run.teardown())]
    leaks = [text for text in shown if value in text]
    expect.equal(leaks, [], "texts with the secret in them")


@clause("SWD-SEC-003")
def test_secrets_are_in_no_file_afterwards(bench: Bench) -> None:
    """A kept workspace is copied and archived."""
    value, told = _secret()
    run = bench.prepared()
    output_of(run, "echo ${#API_KEY}", **told)
    run.sh("exit 3", **told)
    found = files_with(value, below=bench.root)
    expect.equal(found, [], "files with the secret in them, after the step")
    run.teardown(remove=False)
    found = files_with(value, below=bench.root)
    expect.equal(found, [], "files with the secret in them, after the run")


@clause("SWD-SEC-004")
def test_files_of_the_host_cannot_be_read(run: Run, bench: Bench) -> None:
    """That is what isolation means."""
    decoy = bench.ledger.decoy("outside")
    done = run.sh('cat "$1/keep"', str(decoy.path))
    expect.equal(done.stdout, b"", "what a step reads from a file of the host")


@clause("SWD-SEC-005")
def test_files_of_the_host_cannot_be_written(run: Run, bench: Bench) -> None:
    """That is what isolation means."""
    decoy = bench.ledger.decoy("outside")
    run.sh('mkdir -p "$1"; echo changed > "$1/keep"; rm -rf "$1"', str(decoy.path))
    decoy.check("a directory of the host, after a step tried to change it")


def _run_as_user(bench: Bench, subject: Subject) -> Run:
    sample = subject.sample("user")
    if sample is None:
        expect.deviates(
            "info.good_configs",
            seen=[one.title for one in subject.info.good_configs],
            expected="a sample titled 'user' under which steps run as another user",
        )
    return bench.prepared(config=subject.config_with(sample.data))


def _uid_of(run: Run) -> str:
    """Return the uid of a step, by the owner of a file that it makes."""
    text = output_of(run, 'f="$TMPDIR/own"; : > "$f"; ls -ln "$f"')
    return text.split()[2]


@clause("SWD-SEC-006")
def test_user_can_be_chosen(bench: Bench, subject: Subject) -> None:
    """A declared option that does nothing is a border that is not there."""
    usual, chosen = _uid_of(bench.prepared()), _run_as_user(bench, subject)
    expect.that(_uid_of(chosen) != usual, "the uid of a step", seen=usual, expected="another")
    script = ': > file && : > "$HOME/file" && : > "$1/file" && mkdir d && : > d/f'
    done = chosen.sh(script, chosen.context.workspace.exchange("own"), step_id="own")
    expect.equal(done.result.end, StepEnd.SUCCEEDED, f"writing as that user: {done.stderr!r}")


@clause("SWD-SEC-007")
def test_files_of_another_user_are_handed_over(bench: Bench, subject: Subject) -> None:
    """Your files are yours, whatever user the image has."""
    run = _run_as_user(bench, subject)
    output_of(run, "mkdir -p a/b; echo x > a/b/f; chmod 600 a/b/f; ln -s f a/b/l")
    expect.equal(run.teardown(remove=False).errors, (), "errors of the teardown")
    if subject.declares(Capability.HOST_VISIBLE):
        paths = [Path(run.path), *Path(run.path).rglob("*")]
        owners = {path.lstat().st_uid for path in paths}
        expect.equal(owners, {os.getuid()}, "owners of what was kept")


@clause("SWD-SEC-008")
def test_secrets_are_in_no_label(run: Run, subject: Subject) -> None:
    """Labels are for everybody."""
    value, told = _secret()
    going = run.start_sh(f"{UNTIL} echo ready; until_there go", **told)
    going.saw("ready")
    hooks = open_hooks(subject.cls, subject.config)
    listed = repr(hooks.list_leftovers(config=subject.config))
    output_of(run, ": > go")
    going.wait()
    expect.that(value not in listed, "list_leftovers", seen="the secret", expected="no secret")
