"""Files that steps hand on to later ones, in whole runs."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest

from swamp_driver.errors import StepStartError, WorkflowError
from swamp_driver.host import RunOptions, StepRecord, load_workflow, plan, run
from swamp_driver.host._answer import answer_run, resume_run
from swamp_driver.spec import (
    CancelToken,
    RunStatus,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    StepStatus,
)
from swamp_driver.testing import Behaviour, FakeDriver, ends, exits, fake_driver, raises
from tests.drivers.harness import wait_until
from tests.run.host import HostForTests, statuses
from tests.unit.host.outputs.archives import archive, member

_TREE = """
mkdir -p dist/empty 'dist/with space' dist/closed
echo hi > 'dist/with space/f'; chmod 751 'dist/with space/f'
ln -s 'with space/f' dist/latest; ln -s /nowhere/at/all dist/away; ln 'dist/with space/f' dist/twin
echo x > dist/closed/x; chmod 0440 dist/closed/x; touch -d @1000000000 dist/closed/x
chmod 0555 dist/closed
"""
_SEEN = """
find . -mindepth 1 | sort | while read -r name; do stat -c '%n %F %a' "$name"; done
stat -c %Y dist/closed/x; cat dist/latest dist/twin; readlink dist/away
"""
_EXPECTED = """\
./dist directory 755
./dist/away symbolic link 777
./dist/closed directory 555
./dist/closed/x regular file 440
./dist/empty directory 755
./dist/latest symbolic link 777
./dist/twin regular file 751
./dist/with space directory 755
./dist/with space/f regular file 751
1000000000
hi
hi
/nowhere/at/all
"""


def indented(script: str, by: int) -> str:
    """Return a script for a block in a file."""
    return script.strip().replace("\n", "\n" + " " * by)


def step(record_steps: tuple[StepRecord, ...], name: str) -> StepRecord:
    """Return the record of a step."""
    return next(one for one in record_steps if one.step == name)


def outputs_left(host: HostForTests) -> list[Path]:
    """Return what is kept of outputs among the records."""
    return list(host.settings.state_dir.glob("runs/*/outputs"))


def test_files_arrive_as_they_were_where_steps_share_nothing(host: HostForTests) -> None:
    """Modes, symlinks, empty directories and times: what a build leaves is more than contents."""
    record = host.run(
        f"""
        workspace: {{enabled: false}}
        jobs:
          - name: build
            steps:
              - name: make
                run: |
                  {indented(_TREE, 18)}
                  echo private > mine
                outputs: [{{path: dist, makeAvailableTo: [use]}}]
          - name: later
            dependsOn: [{{job: build, condition: {{type: succeeded}}}}]
            steps:
              - name: use
                run: |
                  {indented(_SEEN, 18)}
              - name: other
                run: ls -A
        """
    )
    assert statuses(record) == {"make": "succeeded", "use": "succeeded", "other": "succeeded"}
    assert host.output("use") == _EXPECTED
    assert host.output("other") == ""
    assert host.left == []
    assert outputs_left(host) == []
    host.observer.check()


def test_what_was_handed_on_is_in_the_records(host: HostForTests) -> None:
    """`show` tells it when the files are long gone."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: build
            steps:
              - name: make-${{ self.n }}
                forEach: {item: n, in: [1, 2]}
                run: mkdir d; printf same > d/f; touch -d @$SWAMP_STEP_ID d/f || true
                outputs: [{path: d, makeAvailableTo: [use]}, {path: d/f, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: "make-${{ self.n }}", condition: {type: succeeded}}]
                run: cat d/f
        """
    )
    assert host.output("use") == "same"
    first, second = (step(record.steps, f"make-{n}").handed_on for n in (1, 2))
    assert [(one.path, one.files, one.size_bytes) for one in first] == [("d", 1, 4), ("d/f", 1, 4)]
    assert [one.digest for one in first] == [one.digest for one in second]
    with host.store() as store:
        assert store.find_run(record.run_id).steps == record.steps


def test_parallel_steps_fill_one_directory_of_a_later_one(host: HostForTests) -> None:
    """Four evaluations, one analysis; one of them fails, and its report counts all the same."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: install
                run: mkdir tools; echo 'echo "$1" > reports/$1.txt' > tools/eval
                outputs: [{path: tools, makeAvailableTo: ["eval-${{ self.m }}"]}]
              - name: eval-${{ self.m }}
                forEach: {item: m, in: [a, b, c, d]}
                allowFailure: true
                dependsOn: [{step: install, condition: {type: succeeded}}]
                run: |
                  mkdir reports
                  sh tools/eval ${{ self.m }}
                  test ${{ self.m }} != c
                outputs: [{path: reports, makeAvailableTo: [analyse]}]
              - name: analyse
                dependsOn: [{step: "eval-${{ self.m }}", condition: {type: completed}}]
                run: ls; cat reports/*
        """
    )
    assert record.status is RunStatus.SUCCEEDED
    assert statuses(record)["eval-c"] == "failed"
    assert host.output("analyse") == "reports\na\nb\nc\nd\n"
    assert host.left == []


def test_steps_that_hand_on_different_files_at_one_path_are_named(host: HostForTests) -> None:
    """The later one must not win in silence."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make-${{ self.n }}
                forEach: {item: n, in: [1, 2]}
                run: echo ${{ self.n }} > out
                outputs: [{path: out, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: "make-${{ self.n }}", condition: {type: succeeded}}]
                run: cat out
        """
    )
    assert record.status is RunStatus.FAILED
    assert step(record.steps, "use").detail == (
        "'out' comes from 'make-1' and from 'make-2', and is not the same: "
        "let them write to different paths, or take it from one of them"
    )


@pytest.mark.parametrize("enabled", ["true", "false"])
@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("ls", "the output 'out' is not there"),
        ("ln -s nowhere out", None),
        ("ln -s /etc out", "the output 'out' is outside of the workspace: a symlink leads there"),
        ("ln -s ../.. out", "the output 'out' is outside of the workspace: a symlink leads there"),
    ],
)
def test_an_output_that_is_not_there_fails_the_step_that_promised_it(
    host: HostForTests, enabled: str, script: str, detail: str | None
) -> None:
    """The mistake is there, and not in the step that misses it; shared or not."""
    record = host.run(
        f"""
        workspace: {{enabled: {enabled}}}
        jobs:
          - name: j
            steps:
              - name: make
                run: {script}
                outputs: [{{path: out, makeAvailableTo: [use]}}]
              - name: use
                dependsOn: [{{step: make, condition: {{type: succeeded}}}}]
                run: ls
        """
    )
    assert statuses(record) == {"make": "failed", "use": "skipped"}
    dangling = (
        "the output 'out' is not there"
        if enabled == "true"
        else "the output 'out' is a symlink to 'nowhere', which is not handed on: "
        "add that to the outputs"
    )
    assert record.steps[0].detail == (detail or dangling)
    assert record.steps[0].exit_code == 0
    assert host.left == []


def test_a_directory_on_the_way_to_an_output_may_not_lead_out(host: HostForTests) -> None:
    """`tar` would follow it."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: ln -s /etc d
                outputs: [{path: d/hostname, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: ls
        """
    )
    detail = "the output 'd/hostname' is outside of the workspace: a symlink leads there"
    assert record.steps[0].detail == detail


def test_a_pattern_is_no_path_and_this_is_said(host: HostForTests) -> None:
    """Who comes from another system writes one."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: touch a.log
                outputs: [{path: "*.log", makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: ls
        """
    )
    detail = "the output '*.log' is not there (patterns are not expanded)"
    assert record.steps[0].detail == detail


def test_a_shared_workspace_needs_no_copies(host: HostForTests) -> None:
    """What is there stays there; it is looked at, and that is all."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: make
                run: mkdir out; ln -s out latest; ls -di out
                outputs:
                  - {path: "${{ workspace.path }}/out", makeAvailableTo: [use]}
                  - {path: latest, makeAvailableTo: [use]}
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: ls -di out
        """
    )
    assert record.status is RunStatus.SUCCEEDED
    assert host.output("make") == host.output("use")
    assert step(record.steps, "make").handed_on == ()
    assert outputs_left(host) == []


def test_a_path_that_turns_out_wrong_fails_the_step_before_it_runs(host: HostForTests) -> None:
    """Expressions are known late."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: make
                run: touch ran
                outputs: [{path: "${{ run.directory }}/x", makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: always}}]
                run: ls -A
        """
    )
    assert re.fullmatch(
        r"w\.yaml:6: j/make\.outputs\[0\]\.path: the path '.*/x' is absolute "
        r"\(write it relative to the workspace, as in 'dist' or 'build/report'\)",
        record.steps[0].detail,
    )
    assert host.output("use") == ""


def test_a_working_directory_is_within_what_is_handed_on(host: HostForTests) -> None:
    """`workingDir` is relative to the same directory as paths of outputs are."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: mkdir -p app/src; echo in > app/src/f
                outputs: [{path: app, makeAvailableTo: [use]}]
              - name: use
                workingDir: app/src
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: cat f; echo more > ../made
                outputs: [{path: app, makeAvailableTo: [last]}]
              - name: last
                dependsOn: [{step: use, condition: {type: succeeded}}]
                run: find . -type f | sort
        """
    )
    assert record.status is RunStatus.SUCCEEDED
    assert host.output("use") == "in\n"
    assert host.output("last") == "./app/made\n./app/src/f\n"


def test_a_cancelled_run_ends_the_capture_and_leaves_nothing(host: HostForTests) -> None:
    """A terabyte is on its way when Ctrl-C comes."""
    cancel = CancelToken()

    def cancel_once_it_comes() -> None:
        wait_until(lambda: bool(outputs_left(host)), "something is being captured")
        cancel.cancel()

    watcher = threading.Thread(target=cancel_once_it_comes)
    watcher.start()
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: truncate -s 1T out
                outputs: [{path: out, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: ls
        """,
        cancel=cancel,
    )
    watcher.join()
    assert record.status is RunStatus.CANCELLED
    assert statuses(record) == {"make": "cancelled", "use": "cancelled"}
    assert record.steps[0].detail == "cancelled while files were handed on"
    assert record.steps[0].handed_on == ()
    assert host.left == []
    assert outputs_left(host) == []


def test_a_step_that_ran_out_of_time_hands_on_what_it_had(host: HostForTests) -> None:
    """It failed, as others do."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                timeout: 500ms
                allowFailure: true
                run: echo partly > out; sleep 60
                outputs: [{path: out, makeAvailableTo: [use]}, {path: no, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: completed}}]
                run: ls; cat out
        """
    )
    assert statuses(record) == {"make": "failed", "use": "succeeded"}
    assert "the output 'no' is not there" in record.steps[0].detail
    assert host.output("use") == "out\npartly\n"


def test_a_kept_run_keeps_its_outputs(host: HostForTests) -> None:
    """Who looks for what went wrong needs them."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: echo x > out
                outputs: [{path: out, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: exit 1
        """,
        options=RunOptions(preserve="on-failure"),
    )
    assert record.workspace_kept
    assert len(outputs_left(host)) == 1
    kept = Path(record.steps[1].run_id)
    workspace = host.settings.runs_dir / kept / "workspace"
    assert (workspace / record.steps[1].step_id / "out").read_text() == "x\n"
    assert not (workspace / record.steps[0].step_id).exists()


def test_larger_files_go_by_a_file_beside_the_directory(host: HostForTests) -> None:
    """More than one request carries."""
    size = (16 << 20) + 12345
    record = host.run(
        f"""
        workspace: {{enabled: false}}
        jobs:
          - name: j
            steps:
              - name: make
                run: head -c {size} /dev/urandom > big; cksum big
                outputs: [{{path: big, makeAvailableTo: [use]}}]
              - name: use
                dependsOn: [{{step: make, condition: {{type: succeeded}}}}]
                run: cksum big; ls ..
        """
    )
    assert record.status is RunStatus.SUCCEEDED
    assert host.output("use") == host.output("make") + "s2\n"


def test_a_step_that_removes_its_directory_has_no_outputs(host: HostForTests) -> None:
    """Nothing that a step does may break the run."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: rm -rf "$PWD"; ln -s /etc "$PWD"
                outputs: [{path: hostname, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: always}}]
                run: ls -A
        """
    )
    assert record.status is RunStatus.FAILED
    assert host.output("use") == ""
    assert Path("/etc/hostname").exists()
    assert host.left == []


def test_a_place_without_tar_is_named(host: HostForTests, tmp_path: Path) -> None:
    """There is something to do about it."""
    # A step cannot take `tar` away from the next request; its PATH is that of the host's process.
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "mkdir", "rm", "cat", "chmod", "readlink", "touch"):
        found = next(p for p in ("/bin", "/usr/bin") if os.path.exists(f"{p}/{name}"))  # noqa: PTH110
        (programs / name).symlink_to(f"{found}/{name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(programs))
        record = host.run(
            """
            workspace: {enabled: false}
            jobs:
              - name: j
                steps:
                  - name: make
                    run: touch out
                    outputs: [{path: out, makeAvailableTo: [use]}]
                  - name: use
                    dependsOn: [{step: make, condition: {type: succeeded}}]
                    run: "true"
            """
        )
    assert record.steps[0].detail == (
        "there is no 'tar' where the step runs, and files cannot be handed on without it: "
        "add it to the image, or let the steps share a workspace"
    )


def test_a_target_that_need_not_run_later_is_refused(host: HostForTests) -> None:
    """Sometimes it would have the files, and sometimes not."""
    with pytest.raises(WorkflowError, match="the step 'use' need not run after this one"):
        host.run(
            """
            jobs:
              - name: j
                steps:
                  - name: make
                    run: touch out
                    outputs: [{path: out, makeAvailableTo: [use]}]
                  - {name: use, run: ls}
            """
        )


def test_files_outlive_the_process_of_a_run_that_waits_for_an_answer(host: HostForTests) -> None:
    """What was handed on before the question is there after the answer."""
    record = host.run(
        """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: mkdir out; echo x > out/f
                outputs: [{path: out, makeAvailableTo: [use]}]
              - name: question
                dependsOn: [{step: make, condition: {type: succeeded}}]
                task: {type: manual_approval, prompt: "go on?"}
              - name: use
                dependsOn:
                  - {step: make, condition: {type: succeeded}}
                  - {step: question, condition: {type: succeeded}}
                run: cat out/f
        """
    )
    assert record.status is RunStatus.SUSPENDED
    assert len(outputs_left(host)) == 1
    with host.store() as store:
        answer_run(store, record.run_id, None, "approved", by="me")
    resume_run(record.run_id, observers=[host.observer], settings=host.settings)
    assert host.output("use") == "x\n"
    assert outputs_left(host) == []
    assert host.left == []


def test_iterations_and_nested_workflows_do_not_mix_up_their_files(
    host: HostForTests, tmp_path: Path
) -> None:
    """The steps of a workflow that is run twice have the same names, and other files."""
    (tmp_path / "inner.yaml").write_text(
        """
name: inner
workspace: {enabled: false}
inputs: {n: {type: integer}}
jobs:
  - name: j
    steps:
      - name: make
        run: echo ${{ inputs.n }} > out
        outputs: [{path: out, makeAvailableTo: [use]}]
      - name: use
        dependsOn: [{step: make, condition: {type: succeeded}}]
        run: test "$(cat out)" = ${{ inputs.n }}
""",
        encoding="utf-8",
    )
    text = """\
name: outer
workspace: {enabled: false}
jobs:
  - name: j
    steps:
      - name: twice-${{ self.n }}
        forEach: {item: n, in: [1, 2]}
        task: {type: workflow, workflowIdOrName: inner, inputs: {n: "${{ self.n }}"}}
"""
    (tmp_path / "outer.yaml").write_text(text, encoding="utf-8")
    planned = plan(load_workflow(tmp_path / "outer.yaml"))
    record = run(planned, observers=[host.observer], settings=host.settings)
    assert record.status is RunStatus.SUCCEEDED, record


_ONE_OUTPUT = """
    workspace: {enabled: false}
    jobs:
      - name: j
        steps:
          - name: make
            run: x
            outputs: [{path: out, makeAvailableTo: [use]}]
          - name: use
            dependsOn: [{step: make, condition: {type: succeeded}}]
            run: x
"""


def beside(script: Behaviour) -> type[FakeDriver]:
    """Return a driver whose steps succeed, and that does this when outputs are taken."""

    def behave(request: StepRequest, io: StepIO) -> StepResult:
        return (script if request.step_id.endswith("-out") else exits(0))(request, io)

    return fake_driver({"files of s1": behave})


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (
            exits(2, stderr=b"tar: out: Cannot open: Permission denied\nmore\n"),
            "files cannot be handed on: tar: out: Cannot open: Permission denied",
        ),
        (exits(3), "files cannot be handed on: exit code 3"),
        (
            raises(StepStartError("no '/bin/sh'", reason="not-found", path="/bin/sh")),
            "files cannot be handed on: no '/bin/sh'",
        ),
        (
            exits(0, stdout=b"hello, this is no archive\n" * 100),
            "the archive is broken: a header has a number that is none",
        ),
        (exits(0, stdout=b"short"), "the archive is cut off"),
        (
            exits(0, stdout=archive(member("../../x"))),
            "the archive has '../../x' in it, which leads elsewhere",
        ),
        (exits(0), "the output 'out' is not there"),
    ],
)
def test_what_goes_wrong_with_files_is_the_step_that_failed(
    host: HostForTests, behaviour: Behaviour, detail: str
) -> None:
    """The image is to blame, or the step: never the driver."""
    fake = beside(behaviour)
    record = host.run(_ONE_OUTPUT, drivers={"fake": fake})
    assert (record.status, record.exit_code, record.errors) == (RunStatus.FAILED, 1, ())
    assert statuses(record) == {"make": "failed", "use": "skipped"}
    assert record.steps[0].detail == detail
    assert outputs_left(host) == []
    fake.journal.check()


def test_an_image_that_sends_without_end_is_stopped(host: HostForTests) -> None:
    """What it sends is refused at once, and the driver is told to end it."""

    def send(request: StepRequest, io: StepIO) -> StepResult:
        io.write("stdout", archive(member("elsewhere")))
        while not io.cancel.cancelled:
            io.write("stdout", bytes(100_000))
        return ends(StepEnd.CANCELLED)

    record = host.run(_ONE_OUTPUT, drivers={"fake": beside(send)})
    assert record.steps[0].status is StepStatus.FAILED
    assert record.steps[0].detail == ("the archive has 'elsewhere' in it, which was not asked for")


def test_a_driver_that_is_lost_while_it_takes_files_breaks_the_run(host: HostForTests) -> None:
    """Who wrote the step must not look for a mistake that is not theirs."""

    def lose(_request: StepRequest, _io: StepIO) -> StepResult:
        return ends(StepEnd.LOST, detail="the engine went away")

    record = host.run(_ONE_OUTPUT, drivers={"fake": beside(lose)})
    assert (record.status, record.exit_code) == (RunStatus.BROKEN, 3)
    assert record.errors == ("step 'make': driver 'fake': the engine went away",)


def test_what_was_done_once_is_done_again_where_its_files_are_gone(host: HostForTests) -> None:
    """A cache that somebody emptied must not be taken for full."""
    text = """
        workspace: {persistent: true, key: cache}
        jobs:
          - name: j
            steps:
              - name: install
                once: packages
                run: test ! -e packages; mkdir packages; echo installed
                outputs: [{path: packages, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: install, condition: {type: succeeded}}]
                run: ls -d packages; REMOVE
    """
    said = [
        (host.run(text.replace("REMOVE", then)).status, host.output("install"))
        for then in ("true", "rm -r packages", "true")
    ]
    assert said == [
        (RunStatus.SUCCEEDED, "installed\n"),
        (RunStatus.SUCCEEDED, "installed\n"),
        (RunStatus.SUCCEEDED, "installed\ninstalled\n"),
    ]
