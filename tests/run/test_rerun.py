"""Runs that take over what succeeded in an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.errors import NotFoundError
from swamp_driver.host import RunOptions, RunRecord, find_earlier, list_workspaces, remove_workspace
from swamp_driver.spec import RunStatus, StepEnded
from tests.run.command import run
from tests.run.host import HostForTests, statuses

FLAKY = """
workspace: {preserve: on-failure}
inputs: {ok: {type: boolean, default: false}}
jobs:
  - name: build
    steps:
      - {name: compile, run: 'echo x >> compiled; echo "v=1" >> "$SWAMP_OUTPUT"'}
      - name: test-${{ self.n }}
        forEach: {item: n, in: [1, 2]}
        dependsOn: [{step: compile, condition: {type: succeeded}}]
        run: echo x >> "tested-${{ self.n }}"; test ${{ self.n }} = 1 || ${{ inputs.ok }}
      - name: tidy
        dependsOn: [{step: "test-${{ self.n }}", condition: {type: always}}]
        run: echo x >> tidied
  - name: publish
    dependsOn: [{job: build, condition: {type: succeeded}}]
    steps:
      - {name: push, run: 'test "$(cat compiled tested-1 tested-2 tidied | wc -l)" -eq 6'}
"""


def again(host: HostForTests, text: str, **inputs: bool) -> RunRecord:
    """Run what failed in the newest run again."""
    with host.store() as store:
        earlier = find_earlier(store, "last")
    return host.run(text, inputs=dict(inputs), options=RunOptions(earlier=earlier))


def test_what_succeeded_is_not_run_again(host: HostForTests) -> None:
    """But for what depends on something that is: its result may be another one now."""
    first = host.run(FLAKY)
    assert first.status is RunStatus.FAILED
    later = HostForTests(host.settings)
    record = again(later, FLAKY, ok=True)
    assert (record.status, record.errors) == (RunStatus.SUCCEEDED, ())
    assert record.run_id != first.run_id
    assert record.workspace_path == first.workspace_path
    assert set(statuses(record).values()) == {"succeeded"}
    taken = {event.step for event in later.observer.of(StepEnded) if event.previous}
    assert taken == {"compile", "test-1"}
    (kept,) = list_workspaces(host.settings)
    assert (kept.kind, kept.run_id) == ("preserved", record.run_id)
    remove_workspace(host.settings, record.run_id)
    assert host.left == []


def test_a_run_whose_workspace_is_gone_cannot_be_taken_up(host: HostForTests) -> None:
    """It says what to do the next time; nothing is run."""
    first = host.run(FLAKY.replace("on-failure", "never"))
    with pytest.raises(NotFoundError) as caught:
        again(host, FLAKY)
    assert str(caught.value) == (
        f"the workspace of run {first.run_id} is not here any more: run the whole workflow, with "
        "'--preserve on-failure' to keep it the next time"
    )


def test_the_command_takes_the_inputs_of_the_earlier_run(root: Path, tmp_path: Path) -> None:
    """What is not said again is as it was."""
    file = tmp_path / "ci.yaml"
    text = FLAKY.replace("default: false", "default: true").replace("-eq 6", "-ge 6")
    file.write_text(f"name: ci\n{text}", encoding="utf-8")
    code, _ = run("run", file, "-i", "ok=false")
    assert code == 1
    code, output = run("run", file, "--rerun-failed", "last")
    assert (code, "build/test-2: failed" in output) == (1, True)
    code, output = run("run", file, "--rerun-failed", "last", "-i", "ok=true")
    assert code == 0
    code, output = run("run", file, "--rerun-failed", "none")
    assert code == 2


def test_services_are_started_again(host: HostForTests) -> None:
    """They succeeded and are gone; what failed may need them, what succeeded may not."""
    text = """
    workspace: {preserve: on-failure}
    inputs: {ok: {type: boolean, default: false}}
    jobs:
      - name: test
        steps:
          - name: server
            background: true
            run: touch up; trap 'rm up; exit' TERM; echo ready; while :; do sleep 0.1; done
            readyWhen: {log: ready}
          - name: fine
            run: test -e up
            dependsOn: [{step: server, condition: {type: succeeded}}]
          - name: flaky
            run: test -e up && ${{ inputs.ok }}
            dependsOn: [{step: server, condition: {type: succeeded}}]
    """
    first = host.run(text)
    assert statuses(first) == {"server": "succeeded", "fine": "succeeded", "flaky": "failed"}
    later = HostForTests(host.settings)
    record = again(later, text, ok=True)
    assert set(statuses(record).values()) == {"succeeded"}
    taken = {event.step for event in later.observer.of(StepEnded) if event.previous}
    assert taken == {"fine"}
