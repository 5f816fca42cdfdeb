"""Whole runs whose expressions ask for data, files and secrets."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host import answer_run, load_workflow, plan, resume_run, run
from swamp_driver.host.data import (
    DataStore,
    NewArtifact,
    collect_data_garbage,
    open_data_store,
)
from swamp_driver.spec import Notice, RunStatus
from swamp_driver.workflow import plan_to_json
from tests.run.host import HostForTests, a_host, statuses


def job(*scripts: str, env: str = "") -> str:
    """Return a job `j` with steps `s1`, `s2`, ..."""
    steps = "".join(
        f"      - name: s{number}\n        env: {{{env}}}\n        run: {json.dumps(script)}\n"
        for number, script in enumerate(scripts, 1)
    )
    return f"jobs:\n  - name: j\n    steps:\n{steps}"


@attrs.frozen
class Place:
    """A repository and a host beside it."""

    repository: Path
    host: HostForTests

    def data(self) -> DataStore:
        """Open the data of the repository."""
        return open_data_store(self.host.settings, self.repository)

    def write(self, content: bytes | None = None, **changes: Any) -> None:
        """Keep something that a model might have written."""
        new = NewArtifact(
            model="git", name="result", spec="checkout", run_id="before", attributes={"n": 1}
        )
        with self.data() as store:
            store.write(attrs.evolve(new, **changes), content)

    def run(self, text: str) -> Any:
        """Run a workflow of the repository."""
        path = self.repository / "w.yaml"
        path.write_text(f"name: w\n{text}", encoding="utf-8")
        return run(
            plan(load_workflow(path)), observers=[self.host.observer], settings=self.host.settings
        )

    def told(self) -> str:
        """Return all that is kept of all runs, as text."""
        state = self.host.settings.state_dir
        return "".join(
            path.read_bytes().decode(errors="replace")
            for path in sorted(state.rglob("*"))
            if path.is_file()
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a repository, marked as one."""
    repository = tmp_path / "repo"
    (repository / "models").mkdir(parents=True)
    return Place(repository, a_host(tmp_path))


def test_data_is_known_in_every_field(place: Place) -> None:
    """What a model wrote in an earlier run is used as any other value."""
    (place.repository / "prompt.txt").write_text("say\n$(hello)\n", encoding="utf-8")
    place.write(attributes={"dir": "sub", "n": 3}, tags={"env": "prod"})
    place.write(name="log", spec="log", kind="file", content=b"cloned")
    record = place.run(
        """
jobs:
  - name: j
    steps:
      - name: make
        run: mkdir sub
      - name: n${{ data.latest('git', 'result').attributes.n }}
        dependsOn: [{step: make, condition: {type: succeeded}}]
        workingDir: ${{ model.git.resource.checkout.result.attributes.dir }}
        env:
          PROMPT: ${{ file.contents('prompt.txt') }}
          LOG: ${{ file.contents('git', 'log') }}
        run: |
          basename "$PWD"
          echo "$PROMPT" "$LOG" ${{ size(data.listVersions('git', 'result')) }}
          echo ${{ data.findByTag('env', 'prod').map(d, d.name).join(',') }}
          echo ${{ data.findBySpec('git', 'log')[0].size }}
          echo ${{ data.query("modelName == 'git' && attributes.n > 2").size() }}
          echo ${{ data.version('git', 'result', 1).attributes }}
          echo ${{ size(data.listVersions('git', 'nothing')) == 0 ? 'none' : 'some' }}
"""
    )
    assert statuses(record) == {"make": "succeeded", "n3": "succeeded"}
    assert place.host.output("n3") == (
        'sub\nsay\n$(hello)\n cloned 1\nresult\n6\n1\n{"dir":"sub","n":3}\nnone\n'
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("data.latest('git', 'nothing') == null", "true"),
        ("null != data.latest('git', 'result')", "true"),
        ("data.latest('git', 'nothing') == null || data.latest('git', 'nothing').version > 1", "true"),  # noqa: E501
        ("data.latest('new', 'result').?attributes.?n.orValue(7)", "7"),
        ("data.latest('git', 'result').?attributes.?n.orValue(7)", "3"),
        ("data.version('git', 'result', 9).?attributes.?n.orValue('none')", "none"),
        ("data.version('git', 'v', ['a'], 1).attributes.n", "5"),
        ("data.version('git', 'v', 1, ['a']).attributes.n", "5"),
        ("data.query('modelName == \"git\" && isLatest', 'name')", '["result","v-a"]'),
        ("data.query('name == \"result\" && version >= 1', '{\"n\": attributes.n, \"v\": version}')", '[{"n":2,"v":1},{"n":3,"v":2}]'),  # noqa: E501
        ("data.query('name == \"result\" && version == 1')[0].isLatest", "false"),
        ("data.findBySpec('git', 'checkout').filter(d, d.tags.?workflowRunId.orValue('') == d.runId).size()", "2"),  # noqa: E501
    ],
)  # fmt: skip
def test_workflows_of_others_ask_for_data_in_their_ways(
    place: Place, expression: str, value: str
) -> None:
    """What is looked for may be absent; versions and projections have more than one form."""
    place.write(attributes={"n": 2})
    place.write(attributes={"n": 3})
    place.write(name="v-a", attributes={"n": 5})
    record = place.run(
        "jobs:\n  - name: j\n    steps:\n      - name: s1\n        env:\n"
        f"          VALUE: {json.dumps('${{ ' + expression + ' }}')}\n"
        '        run: printf %s "$VALUE"\n'
    )
    assert record.status is RunStatus.SUCCEEDED, record.steps[0].detail
    assert place.host.output("s1") == value


def test_varied_data_is_found_by_its_values(place: Place) -> None:
    """One name for each entry of a matrix."""
    place.write(name="result-sonnet-1", attributes={"who": "sonnet"})
    record = place.run(
        job("echo ${{ data.latest('git', 'result', ['sonnet', 1]).attributes.who }}")
    )
    assert record.status is RunStatus.SUCCEEDED
    assert place.host.output("s1") == "sonnet\n"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("data.latest('gitt', 'result')", "there is no data of a model 'gitt' (did you mean 'git'?)"),  # noqa: E501
        ("data.latest('git', 'reslt')", "'git' has no data 'reslt' (did you mean 'result'?)"),
        ("data.version('git', 'result', 9)", "'result' of 'git' has no version 9 (has: 1)"),
        ("model.gitt.resource", "there is no data of a model 'gitt'"),
        ("file.contents('git', 'log')", "'git' has no data 'log' (there are: result)"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_is(
    place: Place, expression: str, message: str
) -> None:
    """The step fails before anything of it runs."""
    place.write()
    record = place.run(job(f"echo ${{{{ {expression} }}}}"))
    (step,) = record.steps
    assert (str(step.status), record.exit_code) == ("failed", 1)
    assert step.detail.endswith(f": j/s1.run: {message}")


def test_a_file_outside_of_the_repository_is_refused(place: Place, tmp_path: Path) -> None:
    """Neither by its path nor by a symlink."""
    (tmp_path / "outside").write_text("x")
    (place.repository / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(place.repository / "pipe")
    (place.repository / "big").write_bytes(b"x" * (1024 * 1024 + 1))
    wrong = {}
    for path in ("../outside", "link", "/etc/passwd", "pipe", "big", "nothing", "."):
        record = place.run(job(f"echo ${{{{ file.contents('{path}') }}}}"))
        wrong[path] = record.steps[0].detail.partition("s1.run: ")[2]
    repository = f"of the repository '{place.repository}'"
    outside = f"is outside of the repository '{place.repository}' (use data of a model for files of other places)"  # noqa: E501
    assert wrong == {
        "../outside": f"'../outside' {outside}",
        "link": f"'link' {outside}",
        "/etc/passwd": f"'/etc/passwd' {outside}",
        "pipe": f"'pipe' {repository} is not a file",
        "big": f"'big' {repository} is larger than 1048576 bytes",
        "nothing": f"'nothing' {repository} cannot be read: No such file or directory",
        ".": f"'.' {outside}",
    }


def test_a_secret_reaches_its_step_and_nothing_else(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the output, the records, the events, the plan, nor the arguments of any process."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", 'hunter"22')
    text = """
jobs:
  - name: j
    steps:
      - name: use
        env: {TOKEN: "Bearer ${{ vault.get('env', 'SWAMP_TEST_SECRET') }}"}
        run: |
          test ${#TOKEN} = 16
          echo "$TOKEN" and ${{ vault.get('env', 'SWAMP_TEST_SECRET') }}
          echo "$TOKEN" >&2
          echo "$TOKEN" | sed 's/"/\\\\"/'
          tr '\\0' ' ' < /proc/$$/cmdline
          echo "token=$TOKEN" >> "$SWAMP_OUTPUT"
      - name: after
        dependsOn: [{step: use, condition: {type: succeeded}}]
        run: echo ${{ steps.use.outputs.token }}
"""
    record = place.run(text)
    assert statuses(record) == {"use": "succeeded", "after": "succeeded"}
    assert place.host.output("use").startswith("Bearer *** and ***\nBearer ***\n/bin/sh")
    assert place.host.output("after") == "Bearer ***\n"
    assert record.steps[0].outputs == {"token": "Bearer ***"}
    planned = json.dumps(plan_to_json(plan(load_workflow(place.repository / "w.yaml"))))
    for told in (place.told(), planned, repr(place.host.observer.events), repr(record)):
        assert "hunter" not in told


def test_a_secret_in_a_message_is_masked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that says what it could not convert must not say a secret."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", "hunter22")
    record = place.run(job("echo ${{ int(vault.get('env', 'SWAMP_TEST_SECRET')) }}"))
    assert record.exit_code == 1
    assert "hunter" not in place.told()
    assert "hunter" not in repr(record)


def test_a_short_secret_is_warned_of_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masking it would blot out half of the output."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", "abc")
    step = "echo ${{ vault.get('env', 'SWAMP_TEST_SECRET') }}"
    place.run(job(step, step))
    assert [notice.text for notice in place.host.observer.of(Notice)] == [
        "the value of 'env/SWAMP_TEST_SECRET' is too short to be masked in output"
    ]


def test_vaults_are_declared_in_the_repository(place: Place) -> None:
    """A name that is not declared is found before anything runs."""
    (place.repository / "secrets").mkdir()
    (place.repository / "secrets/token").write_text("hunter22\n")
    (place.repository / "secrets/token").chmod(0o600)
    (place.repository / ".swamp-driver.yaml").write_text(
        "vaults:\n  files: {type: file, directory: secrets}\n"
    )
    record = place.run(
        job("printenv TOKEN | wc -c", env="TOKEN: \"${{ vault.get('files', 'token') }}\"")
    )
    assert record.status is RunStatus.SUCCEEDED
    assert place.host.output("s1").strip() == "9"
    with pytest.raises(WorkflowError) as caught:
        place.run(job("echo ${{ vault.get('fils', 'token') }}"))
    (problem,) = caught.value.problems
    assert (problem.what, problem.hint) == ("there is no vault 'fils'", "did you mean 'files'?")


def test_options_of_a_driver_take_no_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the options are not in the workflow file, which is checked when it is read."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", "hunter22")
    (place.repository / ".swamp-driver.yaml").write_text(
        "driver: raw\ndriverConfig: {passEnv: [\"${{ vault.get('env', 'SWAMP_TEST_SECRET') }}\"]}\n"
    )
    record = place.run(job("true"))
    assert record.steps[0].detail.replace(f"{place.repository}/", "") == (
        "w.yaml: .swamp-driver.yaml: driverConfig: a secret cannot stand here: the value would be "
        "shown or kept (use 'vault.get' in 'run', 'env', or the inputs of a method)"
    )


def test_a_run_that_asks_nothing_opens_nothing(place: Place) -> None:
    """Most runs have no data, and shall not pay for it."""
    place.run(job("true"))
    assert not (place.host.settings.state_dir / "data.sqlite").exists()


def test_the_driver_of_the_repository_is_used(place: Place) -> None:
    """Where the workflow and the caller name none."""
    (place.repository / ".swamp-driver.yaml").write_text(
        "driver: raw\ndriverConfig: {passEnv: [X*]}\n"
    )
    (place.repository / "sub").mkdir()
    path = place.repository / "sub/w.yaml"
    path.write_text(f"name: w\n{job('true')}", encoding="utf-8")
    (binding,) = plan(load_workflow(path)).bindings
    assert (binding.driver, list(binding.config)) == ("raw", ["passEnv"])


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ("name: n-${{ inputs.token }}", "j/n-${{ inputs.token }}.name"),
        ("name: s\n        workingDir: ${{ inputs.token }}", "j/s.workingDir"),
        ("name: s\n        once: ${{ inputs.token }}", "j/s.once"),
        ("name: s\n        forEach: {item: i, in: ['${{ inputs.token }}']}", "j/s.forEach.in"),
    ],
)
def test_a_secret_cannot_come_into_a_name_by_a_detour(
    place: Place, monkeypatch: pytest.MonkeyPatch, keys: str, where: str
) -> None:
    """What is checked when the file is read does not see through inputs."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", "hunter22")
    record = place.run(
        "inputs:\n"
        "  token: {type: string, default: \"${{ vault.get('env', 'SWAMP_TEST_SECRET') }}\"}\n"
        f"jobs:\n  - name: j\n    steps:\n      - {keys}\n        run: 'true'\n"
    )
    (step,) = record.steps
    assert str(step.status) == "failed"
    assert f"{where}: the default of the input 'token': a secret cannot stand" in step.detail
    assert "hunter" not in place.told()


def test_a_name_with_a_secret_in_it_is_masked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step may hand a secret on as its output, and nothing knows where that leads."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", "hunter22")
    place.run(
        """
jobs:
  - name: j
    steps:
      - name: use
        run: echo "token=${{ vault.get('env', 'SWAMP_TEST_SECRET') }}" >> "$SWAMP_OUTPUT"
      - name: n-${{ steps.use.outputs.token }}
        dependsOn: [{step: use, condition: {type: succeeded}}]
        run: "true"
"""
    )
    assert "hunter" not in place.told()


def test_a_secret_can_be_the_default_of_an_input(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for where the input is used."""
    monkeypatch.setenv("SWAMP_TEST_SECRET", "hunter22")
    record = place.run(
        "inputs:\n"
        "  token: {type: string, default: \"${{ vault.get('env', 'SWAMP_TEST_SECRET') }}\"}\n"
        "jobs:\n  - name: j\n    steps:\n      - {name: s, run: 'echo ${{ inputs.token }}'}\n"
    )
    assert statuses(record) == {"s": "succeeded"}
    assert place.host.output("s") == "***\n"
    assert "hunter" not in place.told()


def test_data_of_a_run_outlives_its_suspension_and_not_its_end(place: Place) -> None:
    """A run that waits for a person goes on with what it wrote, whatever cleans up meanwhile."""
    first = place.run(
        """
jobs:
  - name: j
    steps:
      - name: write
        task:
          type: model_method
          modelType: command/shell
          modelName: sh
          methodName: execute
          inputs: {run: echo kept}
        dataOutputOverrides: [{specName: result, lifetime: workflow}]
      - name: ask
        dependsOn: [{step: write, condition: {type: succeeded}}]
        task: {type: manual_approval, prompt: "go on?"}
      - name: read
        dependsOn: [{step: ask, condition: {type: succeeded}}]
        run: echo ${{ data.latest('sh', 'result').attributes.stdout }}
"""
    )
    assert first.status is RunStatus.SUSPENDED
    with place.host.store() as store:
        assert collect_data_garbage(place.host.settings, store).versions == 0
        answer_run(store, "last", None, "approved", by="ada")
    record = resume_run("last", observers=[place.host.observer], settings=place.host.settings)
    assert record.status is RunStatus.SUCCEEDED
    assert place.host.output("read") == "kept\n\n"
    with place.data() as data:
        assert data.models() == ()


def test_nested_workflows_share_the_data_of_the_run(place: Place) -> None:
    """What is kept for the run is for all of it; a job's is not for a job of the same name."""
    (place.repository / "inner.yaml").write_text(
        """
name: inner
jobs:
  - name: j
    steps:
      - name: inside
        run: |
          echo ${{ data.latest('of-run', 'result').attributes.stdout }}
          echo ${{ size(data.listVersions('of-job', 'result')) }}
""",
        encoding="utf-8",
    )
    writes = """
      - name: {0}
        task:
          type: model_method
          modelType: command/shell
          modelName: {0}
          methodName: execute
          inputs: {{run: echo {0}}}
        dataOutputOverrides: [{{specName: result, lifetime: {1}}}]
"""
    record = place.run(
        "jobs:\n  - name: j\n    steps:\n"
        + writes.format("of-run", "workflow")
        + writes.format("of-job", "job")
        + """
      - name: call
        dependsOn:
          - {step: of-run, condition: {type: succeeded}}
          - {step: of-job, condition: {type: succeeded}}
        task: {type: workflow, workflowIdOrName: inner}
      - name: own
        dependsOn: [{step: call, condition: {type: succeeded}}]
        run: echo ${{ data.latest('of-job', 'result').attributes.stdout }}
"""
    )
    assert record.status is RunStatus.SUCCEEDED, record.steps
    assert place.host.output("inside") == "of-run\n\n0\n"
    assert place.host.output("own") == "of-job\n\n"
