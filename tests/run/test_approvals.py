"""Runs that wait for a person: suspended, answered, and gone on with in another process."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import stat
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from swamp_driver.errors import ApprovalError, NotFoundError, WorkspaceBusyError
from swamp_driver.host import (
    Answer,
    Approval,
    Approvals,
    HostSettings,
    RunRecord,
    answer_run,
    list_workspaces,
    open_store,
    plan_file,
    remove_workspace,
    resume_run,
)
from swamp_driver.host import run as run_plan
from swamp_driver.spec import (
    ApprovalRequested,
    CancelToken,
    RunStarted,
    RunStatus,
    StepEnded,
    StepIO,
    StepRequest,
    StepResult,
)
from swamp_driver.testing import exits, fake_driver, hangs
from tests.run.command import left_in, run, start
from tests.run.host import HostForTests, statuses

ASKS = """
jobs:
  - name: deploy
    steps:
      - {name: build, run: 'echo built > out.txt; echo "word=done" >> "$SWAMP_OUTPUT"'}
      - name: ask
        dependsOn: [{step: build, condition: {type: succeeded}}]
        task: {type: manual_approval, prompt: "deploy ${{ steps.build.outputs.word }}?"}
      - name: ship
        dependsOn: [{step: ask, condition: {type: succeeded}}]
        run: cat out.txt; echo "${{ steps.build.outputs.word }} ${{ steps.ask.status }}"
      - name: clean
        dependsOn: [{step: ask, condition: {type: failed}}]
        run: "true"
"""


def answer(
    host: HostForTests, given: Answer = "approved", step: str | None = None, **more: str
) -> Approval:
    """Answer the newest run."""
    with host.store() as store:
        return answer_run(store, "last", step, given, by="ada", **more)


def go_on(host: HostForTests) -> RunRecord:
    """Let the newest run go on, as another process does."""
    return resume_run("last", observers=[host.observer], settings=host.settings)


def another(host: HostForTests) -> HostForTests:
    """Return the same host as another process sees it: nothing was told yet."""
    return HostForTests(host.settings)


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again and again; fail after a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_that_waits_for_nothing_else_is_suspended(host: HostForTests) -> None:
    """Nothing of it runs, its workspace is there, and what is asked is told."""
    record = host.run(ASKS)
    assert (record.status, record.exit_code) == (RunStatus.SUSPENDED, 4)
    (asked,) = host.observer.of(ApprovalRequested)
    assert (asked.job, asked.step, asked.prompt) == ("deploy", "ask", "deploy done?")
    (kept,) = list_workspaces(host.settings)
    assert (kept.kind, kept.name) == ("suspended", record.run_id)
    history = host.settings.state_dir / "runs" / record.run_id / "suspended.json"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_an_approved_run_goes_on_where_it_stopped(host: HostForTests) -> None:
    """Steps that ended are not run again: their files, outputs and outcomes are there."""
    first = host.run(ASKS)
    given = answer(host, reason="looks good")
    later = another(host)
    record = go_on(later)
    assert given.words == "approved by ada: looks good"
    assert (record.run_id, record.status) == (first.run_id, RunStatus.SUCCEEDED)
    assert statuses(record) == {
        "build": "succeeded",
        "ask": "succeeded",
        "ship": "succeeded",
        "clean": "skipped",
    }
    assert later.output("ship") == "built\ndone succeeded\n"
    assert host.left == []
    (build,) = [event for event in later.observer.of(StepEnded) if event.step == "build"]
    assert build.previous
    assert {event.attempt for event in later.observer.events} == {2}


def test_the_events_of_a_run_are_numbered_through(host: HostForTests) -> None:
    """One log for one run, however many processes ran it."""
    run_id = host.run(ASKS).run_id
    answer(host)
    go_on(host)
    with host.store() as store:
        events = list(store.events(run_id))
    numbers = [event.seq for event in events]
    assert numbers == sorted(set(numbers))
    assert [event.attempt for event in events if isinstance(event, RunStarted)] == [1, 2]


def test_a_rejected_step_has_failed(host: HostForTests) -> None:
    """What asks for a failure runs, what asks for success does not; nothing is left."""
    host.run(ASKS)
    answer(host, "rejected")
    record = go_on(host)
    assert (record.status, record.exit_code) == (RunStatus.FAILED, 1)
    ended = statuses(record)
    assert (ended["ask"], ended["ship"], ended["clean"]) == ("failed", "skipped", "succeeded")
    assert host.left == []


def test_one_answer_counts(host: HostForTests) -> None:
    """Whoever comes second is told what was answered, and by whom."""
    host.run(ASKS)
    answer(host)
    with pytest.raises(
        ApprovalError, match=r"waits for no answer: 'deploy/ask' was approved by ada"
    ):
        answer(host, "rejected")
    with pytest.raises(ApprovalError, match=r"'deploy/ask' was answered before: approved by ada"):
        answer(host, "rejected", "ask")


def test_of_answers_at_once_one_counts(host: HostForTests) -> None:
    """Two people press the button together: the records decide."""
    run_id = host.run(ASKS).run_id

    def give(given: Answer) -> str:
        with contextlib.suppress(ApprovalError), open_store(host.settings) as store:
            return answer_run(store, run_id, "ask", given, by=given).words
        return ""

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        words = list(pool.map(give, ["approved", "rejected"] * 4))
    with host.store() as store:
        (found,) = Approvals(store).of_run(run_id)
    assert [one for one in words if one] == [found.words]


def test_of_processes_at_once_one_goes_on(host: HostForTests) -> None:
    """The steps that follow run once."""
    host.run(ASKS)
    answer(host)

    def again(_: int) -> bool:
        with contextlib.suppress(ApprovalError):
            resume_run("last", settings=host.settings)
            return True
        return False

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(again, range(4))) == 1


def test_an_answer_after_its_time_is_a_rejection(host: HostForTests) -> None:
    """`timeout` counts seconds; who comes too late is told, and the step has failed."""
    text = ASKS.replace('done?"', 'done?", timeout: 1').replace(
        'outputs.word }}?"}', 'outputs.word }}?", timeout: 1}'
    )
    run_id = host.run(text).run_id
    with host.store() as store:
        (asked,) = Approvals(store).of_run(run_id)
        assert asked.expires_at is not None
        store.execute("UPDATE approvals SET expires_at = ?", (asked.requested_at,))
    assert answer(host).answer == "timed out"
    record = go_on(host)
    (ask,) = [step for step in record.steps if step.step == "ask"]
    assert (str(ask.status), ask.detail) == ("failed", "timed out")


def test_a_changed_file_makes_no_difference(host: HostForTests, tmp_path: Path) -> None:
    """What was approved is what runs: the plan was kept."""
    host.run(ASKS, inputs=None)
    assert not (tmp_path / "w.yaml").exists()  # the run had its text, and no file
    answer(host)
    assert go_on(host).status is RunStatus.SUCCEEDED


def test_several_approvals_are_several_stops(host: HostForTests) -> None:
    """A run is suspended again where it waits again; each question is answered by its name."""
    text = """
    jobs:
      - name: a
        steps:
          - {name: first, task: {type: manual_approval, prompt: one?}}
          - {name: second, task: {type: manual_approval, prompt: two?}}
          - name: third
            dependsOn: [{step: first, condition: {type: succeeded}}]
            task: {type: manual_approval, prompt: three?}
    """
    host.run(text)
    with pytest.raises(ApprovalError, match=r"several answers, name one: 'a/first', 'a/second'"):
        answer(host)
    with pytest.raises(NotFoundError, match=r"'none' is no step of run .*: 'a/first', 'a/second'"):
        answer(host, step="none")
    answer(host, step="a/first")
    later = another(host)
    assert go_on(later).status is RunStatus.SUSPENDED
    assert [event.step for event in later.observer.of(ApprovalRequested)] == ["second", "third"]
    answer(host, step="second")
    answer(host, step="third")
    assert go_on(host).status is RunStatus.SUCCEEDED


def test_approvals_in_iterations_and_nested_workflows(tmp_path: Path) -> None:
    """The plan of what is nested, and what each iteration is for, are kept as they were."""
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "other.yaml").write_text(
        textwrap.dedent("""
        name: other
        inputs: {n: {type: integer}}
        jobs:
          - name: inner
            steps:
              - {name: before, run: 'echo "b=${{ inputs.n }}" >> "$SWAMP_OUTPUT"; echo x >> count'}
              - name: ask
                dependsOn: [{step: before, condition: {type: succeeded}}]
                task: {type: manual_approval, prompt: "${{ inputs.n }}?"}
              - name: after
                dependsOn: [{step: ask, condition: {type: succeeded}}]
                run: echo "${{ steps.before.outputs.b }}" >> after
        """),
        encoding="utf-8",
    )
    (repo / "main.yaml").write_text(
        textwrap.dedent("""
        name: main
        jobs:
          - name: all
            steps:
              - name: call-${{ self.n }}
                forEach: {item: n, in: "${{ [1, 2].filter(n, n < 5) }}"}
                task: {type: workflow, workflowIdOrName: other, inputs: {n: "${{ self.n }}"}}
              - name: check
                dependsOn: [{step: "call-${{ self.n }}", condition: {type: succeeded}}]
                run: test "$(sort after | tr '\\n' ' ')$(wc -l < count | tr -d ' ')" = "1 2 2"
        """),
        encoding="utf-8",
    )
    host = HostForTests(HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state"))
    record = run_plan(plan_file(repo / "main.yaml"), settings=host.settings)
    assert record.status is RunStatus.SUSPENDED
    (repo / "other.yaml").unlink()
    answer(host, step="all/call-2/inner/ask")
    assert go_on(host).status is RunStatus.SUSPENDED
    answer(host)
    record = go_on(host)
    assert (record.status, record.errors) == (RunStatus.SUCCEEDED, ())
    assert host.left == []


def test_an_answer_reaches_a_run_that_still_has_other_steps(host: HostForTests) -> None:
    """Nobody must wait for a run to be suspended; it hears the answer by itself."""

    def answers_and_waits(request: StepRequest, io: StepIO) -> StepResult:
        answer(host)
        with host.store() as store:
            wait_until(lambda: any(one.step == "after" for one in store.find_run("last").steps))
        return exits(0)(request, io)

    fake = fake_driver({"slow": answers_and_waits})
    record = host.run(
        """
        jobs:
          - name: a
            steps:
              - {name: ask, task: {type: manual_approval, prompt: go?}}
              - {name: slow, run: x}
              - {name: after, run: x, dependsOn: [{step: ask, condition: {type: succeeded}}]}
        """,
        drivers={"fake": fake},
    )
    assert record.status is RunStatus.SUCCEEDED


def test_a_suspended_workspace_is_not_removed(host: HostForTests) -> None:
    """Neither unasked nor by mistake: the run would have nothing to go on with."""
    record = host.run(ASKS)
    with pytest.raises(WorkspaceBusyError, match="swamp-driver reject"):
        remove_workspace(host.settings, record.run_id)
    with host.store() as store:
        assert store.cancel_suspended(record.run_id)
    remove_workspace(host.settings, record.run_id, also_suspended=True)
    with host.store() as store:
        assert store.find_run("last").status is RunStatus.CANCELLED
    assert host.left == []


def test_a_persistent_workspace_waits_for_the_suspended_run(host: HostForTests) -> None:
    """Two runs are never interleaved on it: the second is refused until the first has ended."""
    text = f"workspace: {{persistent: true, key: shared}}\n{textwrap.dedent(ASKS)}"
    first = host.run(text)
    second = host.run(text)
    assert (second.status, second.exit_code) == (RunStatus.BROKEN, 2)
    (error,) = second.errors
    assert error == (
        f"the workspace 'shared' is needed by run {first.run_id}, which is suspended: "
        f"'swamp-driver show {first.run_id}' says what it waits for"
    )
    with host.store() as store:
        answer_run(store, first.run_id, None, "approved", by="ada")
    assert resume_run(first.run_id, settings=host.settings).status is RunStatus.SUCCEEDED
    (kept,) = list_workspaces(host.settings)
    assert kept.kind == "persistent"
    assert host.run(text).status is RunStatus.SUSPENDED


def test_a_cancelled_run_cancels_its_questions(host: HostForTests) -> None:
    """Ctrl-C while other steps run: nobody need answer any more."""
    cancel = CancelToken()
    fake = fake_driver({"slow": hangs(started=lambda _: cancel.cancel())})
    record = host.run(
        """
        jobs:
          - name: a
            steps:
              - {name: ask, task: {type: manual_approval, prompt: go?}}
              - {name: slow, run: x}
        """,
        drivers={"fake": fake},
        cancel=cancel,
    )
    assert record.status is RunStatus.CANCELLED
    assert statuses(record) == {"ask": "cancelled", "slow": "cancelled"}
    with pytest.raises(ApprovalError, match=r"waits for no answer: it is cancelled"):
        answer(host)


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workflow file that asks, for commands in processes of their own."""
    monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("SWAMP_DRIVER_STATE", str(tmp_path / "state"))
    file = tmp_path / "ci.yaml"
    file.write_text(f"name: ci\n{ASKS}", encoding="utf-8")
    return file


def test_the_commands_from_the_run_to_its_end(asking: Path, tmp_path: Path) -> None:
    """What a person types, and what the exit codes say."""
    code, output = run("run", asking)
    assert code == 4
    assert "? deploy/ask waits for an approval: deploy done?" in output
    run_id = output.split("run ")[1].split(":")[0]
    assert f"approve it: swamp-driver approve {run_id}\n" in output
    assert "delete it" not in output
    asking.unlink()
    code, output = run("gc")
    assert f"kept: run {run_id} is suspended" in output
    code, output = run("approve", run_id, "--by", "ada", "--no-resume")
    assert (code, output) == (0, f"'deploy/ask' of run {run_id}: approved by ada\n")
    code, output = run("approve", run_id)
    assert (code, "waits for no answer: 'deploy/ask' was approved by ada" in output) == (2, True)
    code, output = run("resume", run_id)
    assert (code, "deploy/ship | done succeeded\n" in output) == (0, True)
    assert left_in(tmp_path / "root") == []
    code, output = run("reject", run_id)
    assert code == 2


def test_a_killed_process_leaves_a_suspended_run_or_an_interrupted_one(
    asking: Path, tmp_path: Path
) -> None:
    """Kill -9 while it goes on: the run is over, says so, and `gc` removes the rest."""
    text = asking.read_text(encoding="utf-8").replace(
        "cat out.txt;", "touch ../../begun; sleep 60;"
    )
    asking.write_text(text, encoding="utf-8")
    _, output = run("run", asking)
    run_id = output.split("run ")[1].split(":")[0]
    process = start("approve", run_id)
    begun = tmp_path / "root/runs/begun"
    wait_until(begun.exists)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    begun.unlink()
    code, output = run("runs")
    assert "interrupted" in output
    code, output = run("resume", run_id)
    assert code == 2
    code, output = run("gc")
    assert code == 0, output
    assert left_in(tmp_path / "root") == []


def test_a_run_waits_for_its_answer_where_a_service_lives(host: HostForTests) -> None:
    """A process cannot be put aside and taken up again."""

    def serve(request: StepRequest, io: StepIO) -> StepResult:
        while not host.observer.of(ApprovalRequested):
            io.cancel.wait(0.01)
        answer(host)
        return hangs()(request, io)

    record = host.run(
        """
        jobs:
          - name: deploy
            steps:
              - {name: server, run: x, background: true}
              - name: ask
                task: {type: manual_approval, prompt: "go on?"}
                dependsOn: [{step: server, condition: {type: succeeded}}]
        """,
        drivers={"fake": fake_driver({"server": serve})},
    )
    assert statuses(record) == {"server": "succeeded", "ask": "succeeded"}
    assert record.status is RunStatus.SUCCEEDED
