"""Methods of models in whole runs: the same under every driver, and whatever they do."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from swamp_driver.host import HostSettings, RunRecord, load_workflow, plan, run
from swamp_driver.host.data import Artifact, open_data_store
from swamp_driver.spec import (
    CancelStage,
    CancelToken,
    Json,
    RunEvent,
    StepEnd,
    StepOutput,
    StepStatus,
)
from swamp_driver.testing import RecordingObserver

DEBIAN: Mapping[str, Json] = {"image": "swamp-test/debian"}
PLACES = [
    pytest.param("raw", None, id="raw"),
    pytest.param("docker", DEBIAN, id="docker", marks=pytest.mark.engine),
    pytest.param("docker-session", DEBIAN, id="docker-session", marks=pytest.mark.engine),
]

MODEL = '''
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from swamp_driver.models import File, Model, Resource, method


@dataclass
class Checkout:
    path: str
    depth: int


class Git(Model):
    """Pretends to clone."""

    type = "ci/git"

    @dataclass
    class Arguments:
        url: str
        ref: str = "main"

    resources = {"checkout": Resource(Checkout, tags={"by": "git"})}
    files = {"log": File(content_type="text/plain")}

    @method
    def clone(self, depth: int = 1) -> None:
        print("on stdout")
        self.logger.info("cloning %s", self.arguments.url)
        target = self.workspace / f"{self.name}-{self.arguments.ref}"
        target.mkdir()
        self.write_resource("checkout", "result", Checkout(str(target), depth))
        with self.create_file_writer("log", "clone.log") as log:
            subprocess.run(["echo", "from a child"], stdout=log, check=True)

    @method
    def misbehave(self, how: str) -> None:
        self.write_resource("checkout", "before", {"path": "p", "depth": 0})
        if how == "junk":
            os.write(1, bytes(range(256)) * 8)
            print('{"outcome": "failed"}')
        elif how == "100 MB":
            for _ in range(100):
                os.write(1, b"x" * 1_000_000)
        elif how == "forks":
            if os.fork() == 0:
                os.setsid()
                time.sleep(3600)
        elif how == "exit":
            os._exit(7)
        elif how == "exit 0":
            os._exit(0)
        elif how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "segfault":
            import ctypes
            ctypes.string_at(0)
        elif how == "wrong schema":
            self.write_resource("checkout", "wrong", {"path": "p", "depth": "deep"})
        elif how == "forges":
            with open(os.path.join(os.environ["SWAMP_EXCHANGE"], "results.jsonl"), "a") as file:
                forged = {"kind": "resource", "spec": "checkout", "name": "../x", "tags": {}}
                file.write(json.dumps(forged) + "\\n")
        else:
            raise RuntimeError("no such repository")

    @method
    def tell(self, secret: str) -> None:
        print("the secret is", secret)
        self.write_resource("checkout", "told", {"path": f"<{secret}>", "depth": len(secret)})
        with self.create_file_writer("log", "told.log") as log:
            log.write(f"<{secret}>")

    @method
    def wait(self) -> None:
        try:
            print("waiting", flush=True)
            time.sleep(3600)
        finally:
            self.write_resource("checkout", "last", {"path": "p", "depth": 0})
'''

UPSTREAM = """
type: ci/git
name: upstream
globalArguments:
  url: https://${{ inputs.host }}/upstream
methods:
  clone:
    arguments: {depth: 3}
"""

WORKFLOW = """
name: clones
inputs: {host: {type: string, default: example.org}}
jobs:
  - name: job
    steps:
      - name: defined
        task: {type: model_method, modelIdOrName: upstream, methodName: clone}
      - name: direct-${{ self.ref }}
        forEach: {item: ref, in: [one, two]}
        task:
          type: model_method
          modelType: ci/git
          modelName: direct
          globalArgs: {url: "https://${{ inputs.host }}", ref: "${{ self.ref }}"}
          methodName: clone
        dataOutputOverrides:
          - {specName: checkout, vary: [ref], tags: {ref: "${{ self.ref }}"}}
          - {specName: log, vary: [ref]}
      - name: script
        task:
          type: model_method
          modelType: command/shell
          modelName: shell
          methodName: execute
          inputs: {run: "echo out; echo err >&2; exit 3", ignoreExitCode: true}
"""


@attrs.frozen
class Repository:
    """A repository with a model, in a directory of a test."""

    path: Path
    settings: HostSettings
    observer: RecordingObserver = attrs.field(factory=RecordingObserver)

    def run(
        self,
        text: str,
        driver: str = "raw",
        config: Mapping[str, Json] | None = None,
        cancel: CancelToken | None = None,
    ) -> RunRecord:
        """Run a workflow of the repository."""
        file = self.path / "w.yaml"
        file.write_text(text)
        planned = plan(load_workflow(file), driver=driver, driver_config=config)
        return run(planned, settings=self.settings, observers=[self.observer], cancel=cancel)

    def misbehave(self, how: str) -> RunRecord:
        """Run the method that does what it should not."""
        return self.run(one_step("misbehave", f"inputs: {{how: {how!r}}}"))

    def data(self, model: str) -> dict[str, Artifact]:
        """Return the newest data of a model, by name."""
        with open_data_store(self.settings, self.path) as store:
            return {one.name: one for one in store.latest_of(model)}

    def content(self, artifact: Artifact) -> bytes:
        """Return the content of a file."""
        with open_data_store(self.settings, self.path) as store, store.open_content(artifact) as it:
            return it.read()


def one_step(method: str, more: str = "", step: str = "") -> str:
    """Return a workflow with one step that calls a method of `git`."""
    return f"""
name: one
jobs:
  - name: job
    steps:
      - name: step
        {step}
        task:
          type: model_method
          modelType: ci/git
          modelName: git
          globalArgs: {{url: u}}
          methodName: {method}
          {more}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a repository with the model and a definition."""
    path = tmp_path / "repository"
    (path / "extensions/models").mkdir(parents=True)
    (path / "extensions/models/git.py").write_text(MODEL)
    (path / "models").mkdir()
    (path / "models/upstream.yaml").write_text(UPSTREAM)
    settings = HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")
    return Repository(path, settings)


@pytest.mark.parametrize(("driver", "config"), PLACES)
def test_methods_run_the_same_under_every_driver(
    repository: Repository, driver: str, config: Mapping[str, Json] | None
) -> None:
    """The file does not change with the driver, and neither does what comes of it."""
    record = repository.run(WORKFLOW, driver, config)
    assert {step.step: (step.status, step.detail) for step in record.steps} == {
        "defined": (StepStatus.SUCCEEDED, ""),
        "direct-one": (StepStatus.SUCCEEDED, ""),
        "direct-two": (StepStatus.SUCCEEDED, ""),
        "script": (StepStatus.SUCCEEDED, ""),
    }
    workspace = record.workspace_path
    upstream, direct = repository.data("upstream"), repository.data("direct")
    assert upstream["result"].attributes == {"path": f"{workspace}/upstream-main", "depth": 3}
    assert repository.content(upstream["clone.log"]) == b"from a child\n"
    assert upstream["clone.log"].content_type == "text/plain"
    assert sorted(direct) == ["clone.log-one", "clone.log-two", "result-one", "result-two"]
    assert direct["result-two"].tags == {"by": "git", "ref": "two"}
    assert direct["result-two"].attributes == {"path": f"{workspace}/direct-two", "depth": 1}
    shell = dict(repository.data("shell")["result"].attributes)
    assert shell.pop("executedAt")
    assert isinstance(shell.pop("durationMs"), int)
    assert shell == {
        "exitCode": 3,
        "command": "echo out; echo err >&2; exit 3",
        "stdout": "out\n",
        "stderr": "err\n",
    }


@pytest.mark.engine
def test_an_image_without_python_is_named_with_a_remedy(repository: Repository) -> None:
    """Whoever chose the image must learn what it lacks, not that a program was not found."""
    record = repository.run(one_step("clone"), "docker", {"image": "swamp-test/busybox"})
    (step,) = record.steps
    assert (step.status, step.detail) == (
        StepStatus.FAILED,
        (
            "the method needs python3, and there is none where the driver 'docker' runs the step "
            "(use an image with Python 3.9 or newer, or install it there)"
        ),
    )
    assert record.exit_code == 1


@pytest.mark.parametrize(
    ("how", "status", "detail"),
    [
        ("junk", StepStatus.SUCCEEDED, ""),
        ("100 MB", StepStatus.SUCCEEDED, ""),
        ("forks", StepStatus.SUCCEEDED, ""),
        ("exit", StepStatus.FAILED, "the method ended its process with exit code 7"),
        ("exit 0", StepStatus.FAILED, "the method ended its process before it came back"),
        ("kill", StepStatus.FAILED, "the method's process was killed (SIGKILL)"),
        ("segfault", StepStatus.FAILED, "the method's process was killed (SIGSEGV)"),
        (
            "wrong schema",
            StepStatus.FAILED,
            (
                "the method wrote wrong data: resource 'wrong' (checkout): depth: expected a whole "
                "number, found the text 'deep'"
            ),
        ),
        (
            "forges",
            StepStatus.FAILED,
            (
                "result 2 of the method is not what the runtime writes: '../x' cannot be the "
                "name of data"
            ),
        ),
        ("raises", StepStatus.FAILED, "RuntimeError: no such repository"),
    ],
)
def test_whatever_a_method_does_is_told_and_what_it_wrote_before_is_kept(
    repository: Repository, how: str, status: StepStatus, detail: str
) -> None:
    """A failure is typed and readable; results from before it are what one looks at then."""
    record = repository.misbehave(how)
    (step,) = record.steps
    assert (step.status, step.detail) == (status, detail)
    assert list(repository.data("git")) == ["before"]


def test_a_method_that_takes_too_long_has_timed_out(repository: Repository) -> None:
    """It is told by TERM first, and what it writes then is kept."""
    record = repository.run(one_step("wait", step="timeout: 3s"))
    (step,) = record.steps
    assert (step.status, step.end) == (StepStatus.FAILED, StepEnd.TIMED_OUT)
    assert list(repository.data("git")) == ["last"]


def test_a_cancelled_method_cleans_up_and_keeps_what_it_has(repository: Repository) -> None:
    """Ctrl-C in the middle of a method must not lose what it knows."""
    token = CancelToken()
    told = threading.Event()

    class Cancels:
        def on_event(self, event: RunEvent) -> None:
            if isinstance(event, StepOutput) and not told.is_set():
                told.set()
                token.cancel(CancelStage.GRACEFUL)

    file = repository.path / "w.yaml"
    file.write_text(one_step("wait"))
    record = run(
        plan(load_workflow(file)),
        settings=repository.settings,
        observers=[Cancels()],
        cancel=token,
    )
    (step,) = record.steps
    assert step.status is StepStatus.CANCELLED
    assert list(repository.data("git")) == ["last"]


def test_inputs_known_at_step_time_only_are_checked_before_the_method_starts(
    repository: Repository,
) -> None:
    """A value of another step may be anything; all problems are told, and nothing is started."""
    text = one_step("clone", 'inputs: {depth: "${{ run.id }}"}')
    record = repository.run(text)
    (step,) = record.steps
    assert step.status is StepStatus.FAILED
    assert step.detail == (
        f"{repository.path}/w.yaml:6: job/step.inputs.depth: expected a whole number, found the "
        f"text '{record.run_id}'"
    )
    assert step.started_at is None


def test_a_secret_reaches_the_method_and_nothing_that_is_kept(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A method may use a password; data and logs outlive it, and are shown to others."""
    monkeypatch.setenv("DEPLOY_TOKEN", "correct-horse")
    (repository.path / ".swamp-driver.yaml").write_text("vaults: {main: {type: env}}\n")
    inputs = "inputs: {secret: \"${{ vault.get('main', 'DEPLOY_TOKEN') }}\"}"
    record = repository.run(one_step("tell", inputs))
    (step,) = record.steps
    assert (step.status, step.detail) == (StepStatus.SUCCEEDED, "")
    told = repository.data("git")
    assert told["told"].attributes == {"path": "<***>", "depth": 13}
    assert repository.content(told["told.log"]) == b"<***>"
    output = b"".join(event.data for event in repository.observer.of(StepOutput))
    assert output == b"the secret is ***\n"
