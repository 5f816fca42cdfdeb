"""Workflows that run workflows: order, inputs, drivers, limits, records, events."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host import RunRecord, plan_file, run
from swamp_driver.host._settings import HostSettings
from swamp_driver.spec import (
    CancelToken,
    JobEnded,
    RunStatus,
    StepEnded,
    StepStarted,
    StepStatus,
    WorkflowStarted,
)
from swamp_driver.testing import RecordingObserver, fake_driver, hangs
from swamp_driver.workflow import Plan, plan_from_json, plan_to_json
from tests.run.command import run as command


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return a directory of workflow files."""
    return Files(tmp_path)


class Files:
    """Workflow files, and a host that runs them."""

    def __init__(self, tmp_path: Path) -> None:
        self.directory = tmp_path / "repo"
        self.directory.mkdir()
        self.settings = HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")
        self.observer = RecordingObserver()

    def write(self, **texts: str) -> None:
        """Write workflow files by their names; each begins with `name:`."""
        for name, text in texts.items():
            body = f"name: {name}\n{textwrap.dedent(text)}"
            (self.directory / f"{name}.yaml").write_text(body, encoding="utf-8")

    def run(
        self, *, drivers: dict[str, type] | None = None, cancel: CancelToken | None = None
    ) -> RunRecord:
        """Run `main.yaml`; its plan has been JSON meanwhile, so that it is all that is needed."""
        planned = plan_file(self.directory / "main.yaml", drivers=drivers)
        planned = plan_from_json(plan_to_json(planned))
        return run(
            planned,
            observers=[self.observer],
            settings=self.settings,
            drivers=drivers,
            cancel=cancel,
        )


def how(record: RunRecord) -> dict[str, str]:
    """Return how each step ended, by its whole name."""
    return {f"{step.job}/{step.step}": str(step.status) for step in record.steps}


CALL = """
    jobs:
      - name: all
        steps:
          - {name: call, task: {type: workflow, workflowIdOrName: other}}
"""


def test_the_steps_of_a_nested_workflow_are_steps_of_the_run(files: Files) -> None:
    """One run, one workspace, one record: with names that say where a step belongs."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - {name: make, run: echo made > out.txt}
              - name: check
                dependsOn: [{step: make, condition: {type: succeeded}}]
                task:
                  type: workflow
                  workflowIdOrName: other
                  inputs: {word: "${{ steps.make.status }}"}
              - name: tell
                dependsOn: [{step: check, condition: {type: always}}]
                run: echo "${{ steps.check.status }}"
        """,
        other="""
        inputs: {word: {type: string}, more: {type: string, default: default}}
        jobs:
          - name: inner
            steps:
              - name: look
                run: |
                  words="$(cat out.txt) ${{ inputs.word }} ${{ inputs.more }}"
                  test "$words" = "made succeeded default"
                  test "${{ self.name }}/${{ run.workflowName }}" = other/main
        """,
    )
    record = files.run()
    assert record.status is RunStatus.SUCCEEDED
    assert how(record) == {
        "all/make": "succeeded",
        "all/check": "succeeded",
        "all/check/inner/look": "succeeded",
        "all/tell": "succeeded",
    }
    ids = {step.step: step.step_id for step in record.steps}
    assert ids == {"make": "s1", "check": "s2", "look": "s2-s1", "tell": "s3"}
    (started,) = files.observer.of(WorkflowStarted)
    assert started.jobs[0].name == "all/check/inner"
    assert started.jobs[0].step_ids == ("s2-s1",)
    files.observer.check()


def test_a_failure_inside_fails_the_step_that_runs_the_workflow(files: Files) -> None:
    """It says which job failed; `allowFailure` and conditions are those of any step."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - {name: call, allowFailure: true, task: {type: workflow, workflowIdOrName: other}}
              - name: after
                dependsOn: [{step: call, condition: {type: failed}}]
                run: "true"
        """,
        other="""
        jobs:
          - name: a
            steps: [{name: bad, run: exit 3}]
          - name: b
            dependsOn: [{job: a, condition: {type: succeeded}}]
            steps: [{name: never, run: "true"}]
        """,
    )
    record = files.run()
    assert record.status is RunStatus.SUCCEEDED
    assert how(record) == {
        "all/call": "failed",
        "all/call/a/bad": "failed",
        "all/call/b/never": "skipped",
        "all/after": "succeeded",
    }
    (ended,) = [event for event in files.observer.of(StepEnded) if event.step == "call"]
    assert (ended.detail, ended.allowed_failure) == ("job 'a' failed", True)


def test_iterations_run_a_workflow_each_with_their_own_inputs(files: Files) -> None:
    """`forEach` over workflows is what they are nested for."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - name: call-${{ self.n }}
                forEach: {item: n, in: [1, 2, 3]}
                concurrency: 1
                task: {type: workflow, workflowIdOrName: other, inputs: {n: "${{ self.n }}"}}
              - name: sum
                dependsOn: [{step: "call-${{ self.n }}", condition: {type: succeeded}}]
                run: test "$(cat order)" = "1 2 3 "
        """,
        other="""
        inputs: {n: {type: integer}}
        jobs:
          - name: number-${{ inputs.n }}
            steps:
              - name: write
                run: printf '%s ' "${{ inputs.n }}" >> order
        """,
    )
    record = files.run()
    assert record.status is RunStatus.SUCCEEDED
    assert {step.step_id for step in record.steps if step.step == "write"} == {
        "s1-1-s1",
        "s1-2-s1",
        "s1-3-s1",
    }


def test_wrong_inputs_that_only_the_run_knows_fail_the_step(files: Files) -> None:
    """What can be known before is refused before; the rest is said as well, in the same words."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - name: call-${{ self.n }}
                forEach: {item: n, in: [one]}
                task: {type: workflow, workflowIdOrName: other, inputs: {n: "${{ self.n }}"}}
        """,
        other="""
        inputs: {n: {type: integer}}
        jobs: [{name: a, steps: [{name: b, run: "true"}]}]
        """,
    )
    record = files.run()
    (step,) = record.steps
    assert (record.exit_code, step.status) == (1, StepStatus.FAILED)
    assert step.detail == (
        f"{files.directory}/other.yaml: inputs.n: expected a whole number, found 'one' "
        "(it is declared as 'integer')"
    )


def test_a_nested_workflow_runs_where_its_caller_does_unless_it_says_where(files: Files) -> None:
    """The innermost word counts; what the caller says stands below what the file says itself."""
    files.write(
        main="""
        driver: outer
        jobs:
          - name: all
            steps:
              - {name: plain, task: {type: workflow, workflowIdOrName: plain}}
              - {name: own, task: {type: workflow, workflowIdOrName: own}}
              - {name: near, driver: near, task: {type: workflow, workflowIdOrName: plain}}
        """,
        plain="jobs: [{name: a, steps: [{name: b, run: x}]}]",
        own="""
        driver: own
        jobs: [{name: a, steps: [{name: b, run: x}]}]
        """,
    )
    drivers = {name: fake_driver() for name in ("outer", "own", "near")}
    record = files.run(drivers=drivers)
    assert {step.job: step.driver for step in record.steps if step.driver} == {
        "all/plain/a": "outer",
        "all/own/a": "own",
        "all/near/a": "near",
    }


def test_a_cancelled_run_cancels_what_is_nested(files: Files) -> None:
    """Ctrl-C means the whole run, at every depth; all that began has an end."""
    files.write(
        main=CALL,
        other="""
        jobs:
          - name: a
            steps:
              - {name: long, run: x}
              - {name: next, run: x, dependsOn: [{step: long, condition: {type: always}}]}
        """,
    )
    cancel = CancelToken()
    fake = fake_driver({"long": hangs(started=lambda _: cancel.cancel())})
    record = files.run(drivers={"raw": fake}, cancel=cancel)
    assert record.status is RunStatus.CANCELLED
    assert set(how(record).values()) == {"cancelled"}
    files.observer.check()


def test_an_exclusive_step_inside_is_alone_in_the_run(files: Files) -> None:
    """`exclusive` speaks of the workspace, and there is one for all."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - {name: call, task: {type: workflow, workflowIdOrName: other}}
              - name: s-${{ self.n }}
                forEach: {item: n, in: [1, 2, 3, 4]}
                run: mkdir lock && sleep 0.05 && rmdir lock
                concurrency: 1
        """,
        other="""
        jobs:
          - name: a
            steps:
              - {name: alone, sharing: exclusive, run: "mkdir lock && sleep 0.05 && rmdir lock"}
        """,
    )
    assert files.run().status is RunStatus.SUCCEEDED


def test_a_nested_workflow_makes_no_directory_of_its_own(files: Files) -> None:
    """Its `workspace` is for runs of its own; only that its steps keep apart holds here too."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - {name: call, task: {type: workflow, workflowIdOrName: other}}
              - name: look
                dependsOn: [{step: call, condition: {type: succeeded}}]
                run: test -z "$(ls)"
        """,
        other="""
        workspace: {enabled: false}
        jobs: [{name: a, steps: [{name: b, run: "touch mine; test -z \\"$SWAMP_WORKSPACE\\""}]}]
        """,
    )
    record = files.run()
    assert record.status is RunStatus.SUCCEEDED


def test_workflows_are_nested_ten_deep_and_no_deeper(files: Files) -> None:
    """A chain that never ends is found before anything runs, with the whole chain."""
    depth = 10
    call = (
        "jobs: [{{name: j, steps: [{{name: s, task: {{type: workflow, workflowIdOrName: w{}}}}}]}}]"
    )
    files.write(
        main=call.format(1),
        **{f"w{n}": call.format(n + 1) for n in range(1, depth)},
        **{f"w{depth}": "jobs: [{name: j, steps: [{name: s, run: 'true'}]}]"},
    )
    record = files.run()
    assert record.status is RunStatus.SUCCEEDED
    deepest = record.steps[-1]
    assert deepest.job == "/".join(["j", *["s", "j"] * depth])
    assert len(deepest.step_id) <= 40

    files.write(**{f"w{depth}": call.format(depth + 1), f"w{depth + 1}": call.format(depth + 1)})
    with pytest.raises(WorkflowError, match=r"more than 10 deep: .*main.yaml -> .*w11.yaml"):
        files.run()


def test_more_than_a_thousand_nested_workflows_are_refused(files: Files) -> None:
    """Ten steps that each run a workflow with ten such steps, ten deep, would be 10^10."""
    call = "{{name: s{}, task: {{type: workflow, workflowIdOrName: w{}}}}}"
    last = {"w4": "jobs: [{name: j, steps: [{name: s, run: 'true'}]}]"}
    calls = {n: ", ".join(call.format(number, n + 1) for number in range(10)) for n in range(4)}
    level = {f"w{n}": f"jobs: [{{name: j, steps: [{calls[n]}]}}]" for n in calls}
    files.write(main=level["w0"], **level, **last)
    with pytest.raises(WorkflowError, match="more than 1000 steps run other workflows"):
        files.run()


def test_events_of_a_nested_workflow_stand_between_those_of_its_step(files: Files) -> None:
    """A view can show it as part of the step, and knows when it is over."""
    files.write(main=CALL, other="jobs: [{name: a, steps: [{name: b, run: 'true'}]}]")
    files.run()
    told = [
        f"{event.kind} {getattr(event, 'step', None) or event.job}"
        for event in files.observer.events
        if isinstance(event, StepStarted | StepEnded | WorkflowStarted | JobEnded)
    ]
    assert told == [
        "step-started call",
        "workflow-started call",
        "step-started b",
        "step-ended b",
        "job-ended all/call/a",
        "step-ended call",
        "job-ended all",
    ]


def test_names_that_are_found_twice_are_refused_with_both(files: Files) -> None:
    """Which of the two is run must not depend on the order of a directory."""
    files.write(main=CALL, other="jobs: [{name: a, steps: [{name: b, run: x}]}]")
    other = (files.directory / "other.yaml").read_text(encoding="utf-8")
    (files.directory / "second.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(
        WorkflowError, match=r"'other' is not one workflow: '.*other.yaml', '.*second.yaml'"
    ):
        files.run()


def planned(files: Files) -> Plan:
    """Return the plan of `main.yaml`."""
    return plan_file(files.directory / "main.yaml")


def test_a_workflow_is_found_below_workflows_by_its_id(files: Files) -> None:
    """Where others keep them; the id is the file's name where it has none."""
    folder = files.directory / "workflows/deep"
    folder.mkdir(parents=True)
    (files.directory / ".git").mkdir()
    body = "jobs: [{name: a, steps: [{name: b, run: x}]}]\n"
    (folder / "one.yaml").write_text(f"id: 'other' # theirs\nname: One\n{body}", encoding="utf-8")
    (folder / "two.yml").write_text(f"name: Two\n{body}", encoding="utf-8")
    for name, file in (("other", "one.yaml"), ("One", "one.yaml"), ("two", "two.yml")):
        files.write(main=CALL.replace("other", name))
        nesting = planned(files).nesting
        assert nesting is not None
        assert [Path(one.path).name for one in nesting.files if one.text.endswith(body)] == [file]


def test_services_of_a_nested_workflow_end_with_it(files: Files) -> None:
    """`until: run` is the end of the workflow that they stand in, in each iteration on its own."""
    files.write(
        main="""
        jobs:
          - name: all
            concurrency: 1
            steps:
              - name: each-${{ self.x }}
                forEach: {item: x, in: [a, b]}
                task: {type: workflow, workflowIdOrName: inner}
        """,
        inner="""
        jobs:
          - name: services
            steps: [{name: server, run: x, background: true, until: run}]
          - name: use
            dependsOn: [{job: services, condition: {type: succeeded}}]
            steps: [{name: client, run: x}]
        """,
    )
    record = files.run(drivers={"raw": fake_driver({"server": hangs()})})
    ended = [f"{event.job}/{event.step}" for event in files.observer.of(StepEnded)]
    assert ended == [
        "all/each-a/use/client",
        "all/each-a/services/server",
        "all/each-a",
        "all/each-b/use/client",
        "all/each-b/services/server",
        "all/each-b",
    ]
    assert record.status is RunStatus.SUCCEEDED


def test_a_plan_shows_what_is_inside_as_far_as_it_is_known(files: Files, root: Path) -> None:
    """A reader sees which steps would run, and where, before anything does."""
    files.write(
        main="""
        jobs:
          - name: all
            steps:
              - {name: known, task: {type: workflow, workflowIdOrName: other, inputs: {n: a}}}
              - name: late
                task: {type: workflow, workflowIdOrName: other, inputs: {n: "${{ run.id }}"}}
        """,
        other="""
        inputs: {n: {type: string}}
        jobs: [{name: "do ${{ inputs.n }}", steps: [{name: b, run: x}]}]
        """,
    )
    code, output = command("plan", files.directory / "main.yaml")
    assert code == 0
    assert [line.strip() for line in output.splitlines() if "inside" in line] == [
        "inside      do a/b [raw]",
        "inside      known at run time",
    ]
    assert not root.exists()
