"""The workspace of a run: one path, made empty, kept or removed as was said."""

import os
import threading
from pathlib import Path

import pytest

from swamp_driver.errors import NotFoundError, WorkspaceBusyError
from swamp_driver.host import (
    RunOptions,
    find_workspace,
    list_workspaces,
    remove_workspace,
)
from swamp_driver.spec import (
    CancelToken,
    Notice,
    RunEvent,
    RunStatus,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
)
from swamp_driver.testing import ends, exits, fake_driver, hangs
from tests.run.host import HostForTests, statuses

ONE_STEP = "jobs: [{name: j, steps: [{name: s, run: x}]}]"


def test_the_path_is_one_string_everywhere(host: HostForTests) -> None:
    """Expression, variable, working directory: byte for byte the same (SWD-WS)."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: s
                run: |
                  printf '%s\\n' ${{ workspace.path }} "$SWAMP_WORKSPACE" "$(pwd -P)"
                  ls -A
        """
    )
    assert host.output("s") == f"{record.workspace_path}\n" * 3
    assert record.workspace_path == os.path.realpath(str(record.workspace_path))


@pytest.mark.parametrize("preserve", ["never", "on-failure", "always"])
@pytest.mark.parametrize("end", ["succeeds", "fails", "is cancelled"])
def test_preserve_keeps_what_it_says(host: HostForTests, preserve: str, end: str) -> None:
    """The same matrix under every driver."""
    cancel = CancelToken()
    behaviour = {
        "succeeds": exits(0, files={"made": b"1"}),
        "fails": exits(1, files={"made": b"1"}),
        "is cancelled": hangs(started=lambda _: cancel.cancel()),
    }[end]
    record = host.run(
        f"workspace: {{preserve: {preserve}}}\n{ONE_STEP}",
        drivers={"fake": fake_driver({"s": behaviour})},
        cancel=cancel,
    )
    kept = preserve == "always" or (preserve == "on-failure" and end != "succeeds")
    assert record.workspace_kept is kept
    assert Path(str(record.workspace_path)).exists() is kept
    assert [one.kind for one in list_workspaces(host.settings)] == (["preserved"] if kept else [])


def test_the_caller_overrides_what_the_file_says_about_keeping(host: HostForTests) -> None:
    """`--preserve-workspace` is for the person who debugs, not for the file."""
    record = host.run(ONE_STEP, drivers={"f": fake_driver()}, options=RunOptions(preserve="always"))
    assert record.workspace_kept
    kept = find_workspace(host.settings, record.run_id[:5])
    assert kept.path == record.workspace_path
    assert remove_workspace(host.settings, record.run_id) == kept
    assert host.left == []
    with pytest.raises(NotFoundError, match="there is no workspace"):
        find_workspace(host.settings, record.run_id)


PERSISTENT = """
workspace: {persistent: true, key: cache}
jobs:
  - name: j
    steps:
      - name: s
        run: echo run >> log; cat log
"""


def test_a_persistent_workspace_is_found_again_at_the_same_path(host: HostForTests) -> None:
    """What the last run left is there; the lock is not in the way."""
    first = host.run(PERSISTENT)
    second = host.run(PERSISTENT)
    assert first.workspace_path == second.workspace_path
    assert host.output("s").endswith("run\nrun\n")
    assert [one.kind for one in list_workspaces(host.settings)] == ["persistent"]
    remove_workspace(host.settings, "cache")
    assert host.left == []


def test_two_runs_never_share_a_persistent_workspace_at_once(host: HostForTests) -> None:
    """The second waits and says so, or fails at once with `--no-wait`."""
    inside, go_on = threading.Event(), threading.Event()

    def hold(_: StepRequest, __: StepIO) -> StepResult:
        inside.set()
        assert go_on.wait(30)
        return ends(StepEnd.SUCCEEDED)

    text = f"workspace: {{persistent: true, key: k}}\n{ONE_STEP}"
    first = threading.Thread(
        target=lambda: HostForTests(host.settings).run(
            text, drivers={"fake": fake_driver({"s": hold})}
        )
    )
    first.start()
    assert inside.wait(30)
    refused = host.run(text, drivers={"fake": fake_driver()}, options=RunOptions(wait=False))
    assert (refused.status, refused.exit_code) == (RunStatus.BROKEN, WorkspaceBusyError.exit_code)
    assert "in use by run" in refused.errors[0]

    class GoOn:
        def on_event(self, event: RunEvent) -> None:
            if isinstance(event, Notice) and "waiting" in event.text:
                go_on.set()

    host.observer.on_event = GoOn().on_event  # type: ignore[method-assign]
    waited = host.run(text, drivers={"fake": fake_driver()})
    first.join(30)
    assert waited.status is RunStatus.SUCCEEDED


def test_each_step_has_a_directory_of_its_own_without_a_workspace(host: HostForTests) -> None:
    """`enabled: false` means that steps share nothing."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: a
                run: touch made; ls; echo "${SWAMP_WORKSPACE-none}"
              - name: b
                dependsOn: [{step: a, condition: {type: succeeded}}]
                run: ls
        """
    )
    assert record.workspace_path is None
    assert host.output("a") == "made\nnone\n"
    assert host.output("b") == ""
    assert host.left == []


def test_once_does_the_work_once_and_hands_on_its_outputs(host: HostForTests) -> None:
    """Four parallel installs become one, and the others wait for it."""
    text = """
    workspace: {persistent: true, key: once}
    jobs:
      - name: j
        steps:
          - name: install-${{ self.n }}
            forEach: {item: n, in: [1, 2, 3, 4]}
            once: deps
            run: echo x >> installs; echo v=1 >> "$SWAMP_OUTPUT"
          - name: count
            dependsOn: [{step: "install-${{ self.n }}", condition: {type: succeeded}}]
            run: wc -l < installs
    """
    record = host.run(text)
    assert record.status is RunStatus.SUCCEEDED
    assert host.output("count").strip() == "1"
    installs = [step for step in record.steps if step.step.startswith("install")]
    assert [step.outputs for step in installs] == [{"v": "1"}] * 4
    assert sum("done before" in step.detail for step in installs) == 3
    again = host.run(text)
    assert sum("done before" in step.detail for step in again.steps) == 4


def test_once_is_tried_again_by_the_next_step_after_a_failure(host: HostForTests) -> None:
    """A failed install must not count as done."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: install-${{ self.n }}
                forEach: {item: n, in: [1, 2]}
                allowFailure: true
                once: deps
                run: if test -e tried; then exit 0; fi; touch tried; exit 1
        """
    )
    assert sorted(statuses(record).values()) == ["failed", "succeeded"]


def test_an_exclusive_step_overlaps_no_other(host: HostForTests) -> None:
    """It may do what would break the others."""
    running: set[str] = set()
    overlaps: list[set[str]] = []
    lock = threading.Lock()

    def watch(request: StepRequest, _: StepIO) -> StepResult:
        with lock:
            running.add(request.name)
            if "x" in running and len(running) > 1:
                overlaps.append(set(running))
        threading.Event().wait(0.05)
        with lock:
            running.discard(request.name)
        return ends(StepEnd.SUCCEEDED)

    names = ["a", "b", "x", "c", "d"]
    steps = ", ".join(
        f"{{name: {n}, run: x{', sharing: exclusive' if n == 'x' else ''}}}" for n in names
    )
    record = host.run(
        f"jobs: [{{name: j, steps: [{steps}]}}]",
        drivers={"fake": fake_driver(dict.fromkeys(names, watch))},
    )
    assert record.status is RunStatus.SUCCEEDED
    assert overlaps == []


def test_two_drivers_share_one_workspace(host: HostForTests) -> None:
    """The first makes it, the others attach, and the maker removes it last (SWD-WS)."""
    one, two = fake_driver({"a": exits(0, files={"made": b"1"})}), fake_driver()
    drivers = {"one": one, "two": two}
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - {name: a, run: x, driver: one}
              - {name: b, run: x, driver: two, dependsOn: [{step: a, condition: {type: succeeded}}]}
        """,
        drivers=drivers,
    )
    assert record.status is RunStatus.SUCCEEDED
    modes = [
        call.run.workspace.mode
        for fake in (one, two)
        for call in fake.journal.calls
        if call.hook == "prepare_workspace" and call.run is not None
    ]
    assert sorted(modes) == ["attach", "create"]
    assert host.left == []
    one.journal.check()
    two.journal.check()
