"""`swamp-driver plan`: everything that a run would do, and nothing done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swamp_driver.workflow import plan_from_json
from tests.run.shell import Shell

WORKFLOW = """\
name: checks
inputs:
  models: {type: array, default: [sonnet, opus], items: {type: string}}
  late: {type: string, default: x}
workspace: {preserve: on-failure}
driver: docker-session
driverConfig:
  image: "node:${{ inputs.late }}"
  network: none
  volumes: ["/data:/data:ro"]
  memory: "${{ env.MEMORY }}"
  passEnv: ["PLAN_TEST_*"]
concurrency: 4
jobs:
  - name: checkout
    steps:
      - name: clone
        driver: raw
        driverConfig: {passEnv: ["PLAN_TEST_*"]}
        env: {REPO: "https://example.org", PLAN_TEST_KNOWN: b}
        timeout: 90s
        once: checkout
        run: git clone "$REPO" repo
  - name: evaluate
    concurrency: 2
    dependsOn: [{job: checkout, condition: {type: succeeded}}]
    steps:
      - name: eval-${{ self.model }}
        forEach: {item: model, in: "${{ inputs.models }}"}
        allowFailure: true
        concurrency: 1
        workingDir: ${{ workspace.path }}/repo
        run: npm test -- ${{ self.model }}
      - name: late-${{ self.item }}
        forEach: {item: item, in: "${{ steps.clone.outputs.list }}"}
        sharing: exclusive
        dependsOn: [{step: "eval-${{ self.model }}", condition: {type: failed}}]
        run: "true"
"""


@pytest.fixture
def call(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Return a way to call commands beside the workflow."""
    (tmp_path / "ci.yaml").write_text(WORKFLOW, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAN_TEST_TOKEN", "hunter22")
    monkeypatch.setenv("PLAN_TEST_KNOWN", "a")
    return Shell(capsys)


def facts(text: str, title: str) -> list[str]:
    """Return the lines below a title, blanks made one, up to the next line as far left."""
    lines = iter(text.splitlines())
    head = next(line for line in lines if title in line)
    depth = len(head) - len(head.lstrip())
    found = []
    for line in lines:
        if not line.strip() or len(line) - len(line.lstrip()) <= depth:
            break
        found.append(" ".join(line.split()))
    return found


def test_every_step_is_told_with_its_driver_and_all_that_decides_it(call: Shell) -> None:
    """It is what a person reads before letting a workflow loose."""
    told = call("plan", "ci.yaml")
    assert (told.code, told.err) == (0, "")
    assert facts(told.out, "· clone") == [
        'runs git clone "$REPO" repo',
        "with raw [b1]",
        "env PLAN_TEST_KNOWN, PLAN_TEST_TOKEN (secret), REPO",
        "time-out 1m30s",
        "note once per workspace (key 'checkout')",
    ]
    assert facts(told.out, "· eval-") == [
        "for each 2: eval-sonnet, eval-opus",
        "runs npm test -- ${{ self.model }}",
        "with docker-session [b2]",
        "in ${{ workspace.path }}/repo",
        "env PLAN_TEST_KNOWN, PLAN_TEST_TOKEN (secret)",
        "note may fail, 1 at once",
        "at run time workingDir: ${{ workspace.path }}/repo",
    ]
    assert facts(told.out, "· late-")[:2] == [
        "waits until eval-${{ self.model }} has failed",
        "for each known at run time",
    ]
    assert "note alone in the workspace" in facts(told.out, "· late-")


def test_options_are_told_with_where_they_come_from(call: Shell) -> None:
    """Image, network, mounts: whatever a driver has, with no list of drivers in the command."""
    told = facts(call("plan", "ci.yaml").out, "driver docker-session")
    assert "image node:x" in told
    assert "network none" in told
    assert 'volumes ["/data:/data:ro"]' in told
    assert "memory ${{ env.MEMORY }} (at run time)" in told
    assert any(line.startswith("defaults") and "pull=missing" in line for line in told)
    assert any(line.startswith("not set") and "user" in line for line in told)
    assert "passed on PLAN_TEST_KNOWN, PLAN_TEST_TOKEN (secret)" in told


def test_workspace_and_order_are_told(call: Shell, root: Path) -> None:
    """Where it will be, what becomes of it, and what runs at once."""
    told = call("plan", "ci.yaml", "-i", 'models:=["a"]').out
    head = facts(told, "workflow checks")
    assert 'input models = ["a"]' in head
    assert "workspace a new one for the run, kept where the run fails, else removed" in head[2]
    assert f"at {root}/runs/<run id>/workspace" in head
    assert "at once 4 jobs" in head
    job = facts(told, "job evaluate")
    assert job[:2] == ["waits until checkout has succeeded", "at once 2 steps"]


def test_no_value_of_the_environment_is_shown(call: Shell) -> None:
    """A plan is pasted into tickets."""
    told = call("plan", "ci.yaml")
    assert "hunter22" not in told.out
    assert "hunter22" not in call("plan", "ci.yaml", "--json").out


def test_json_is_the_plan_itself(call: Shell) -> None:
    """Another process can run it: it is what the host takes."""
    data = json.loads(call("plan", "ci.yaml", "--json").out)
    plan = plan_from_json(data)
    assert plan.workflow == "checks"
    assert [one["driver"] for one in data["bindings"]] == ["raw", "docker-session"]


def test_nothing_is_made(call: Shell, root: Path) -> None:
    """Not even the directories that every run makes."""
    assert call("plan", "ci.yaml").code == 0
    assert not root.exists()
    assert not (root.parent / "state").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--driver", "dokcer"), 2, "did you mean 'docker'?"),
        (("-c", "imagee=x"), 2, "imagee"),
        (("-i", "models=3"), 2, "models"),
        (("-i", 'models:=["a", "a"]'), 2, "two entries have the name 'eval-a'"),
    ],
)
def test_what_a_run_would_refuse_is_refused(
    call: Shell, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """A plan that cannot be run is no plan."""
    told = call("plan", "ci.yaml", *arguments)
    assert (told.code, told.out) == (code, "")
    assert words in told.err


def test_a_hostile_name_reaches_no_terminal(call: Shell, tmp_path: Path) -> None:
    """Files come from strangers, and a plan is looked at to see whether they are harmless."""
    (tmp_path / "evil.yaml").write_text(
        'name: "a\\e[2Jb"\njobs: [{name: j, steps: [{name: s, run: "echo \\e]0;x\\a"}]}]\n',
        encoding="utf-8",
    )
    told = call("plan", "evil.yaml")
    assert "\x1b" not in told.out
    assert "^[" in told.out


@pytest.mark.parametrize("width", [80, 40])
def test_it_fits_a_terminal(call: Shell, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Lines that the terminal breaks by itself lose their labels."""
    monkeypatch.setattr("swamp_driver.cli._commands.plan.is_terminal", lambda _: True)
    monkeypatch.setenv("COLUMNS", str(width))
    told = call("plan", "ci.yaml").out
    # A path has no place to be broken at.
    assert [line for line in told.splitlines() if len(line) > width and "/" not in line] == []


def test_what_the_run_will_be_asked_for_is_named(call: Shell, tmp_path: Path) -> None:
    """A secret by its name, and data as it is written; neither is looked up."""
    (tmp_path / "ask.yaml").write_text(
        "name: ask\njobs:\n  - name: a\n    steps:\n      - name: b\n"
        "        env:\n          TOKEN: ${{ vault.get('env', 'NOT_THERE') }}\n"
        "          COMMIT: ${{ data.latest('git', 'result').attributes.commit }}\n"
        "        run: make\n",
        encoding="utf-8",
    )
    planned = call("plan", "ask.yaml")
    assert planned.code == 0
    assert "env         TOKEN (secret), COMMIT\n" in planned.out.replace(
        "COMMIT, TOKEN (secret)", "TOKEN (secret), COMMIT"
    )
    assert "env.TOKEN: ${{ vault.get('env', 'NOT_THERE') }}\n" in planned.out
    assert "env.COMMIT: ${{ data.latest('git', 'result').attributes.commit }}\n" in planned.out
