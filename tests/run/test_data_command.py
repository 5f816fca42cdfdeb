"""`swamp-driver data`: what models have written, as a person looks at it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swamp_driver.cli._app import app
from swamp_driver.cli._completion import complete_data_names, complete_models
from swamp_driver.host import HostSettings
from swamp_driver.host.data import DataStore, NewArtifact, open_data_store
from tests.run.shell import Shell

WORKFLOW = """\
name: greet
jobs:
  - name: a
    steps:
      - name: greet-${{ self.who }}
        forEach: {item: who, in: [ann, bob]}
        task:
          type: model_method
          modelType: command/shell
          modelName: greeter
          methodName: execute
          inputs: {run: "echo hello ${{ self.who }}"}
        dataOutputOverrides:
          - {specName: result, vary: [who], tags: {env: prod}, garbageCollection: 2}
      - name: passing
        task:
          type: model_method
          modelType: command/shell
          modelName: passing
          methodName: execute
          inputs: {run: "true"}
        dataOutputOverrides: [{specName: result, lifetime: ephemeral}]
      - name: read
        dependsOn:
          - {step: "greet-${{ self.who }}", condition: {type: succeeded}}
          - {step: passing, condition: {type: succeeded}}
        run: |
          echo ${{ data.latest('greeter', 'result', ['ann']).attributes.stdout }}
          echo ${{ data.latest('passing', 'result').version }}
"""


@pytest.fixture
def call(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Return a way to call commands in a repository."""
    here = tmp_path / "here"
    (here / "models").mkdir(parents=True)
    (here / "greet.yaml").write_text(WORKFLOW, encoding="utf-8")
    monkeypatch.chdir(here)
    return Shell(capsys)


def _store() -> DataStore:
    return open_data_store(HostSettings.from_environment(), Path.cwd())


def _columns(text: str, *wanted: int) -> list[list[str]]:
    return [[line.split()[number] for number in wanted] for line in text.splitlines()[1:]]


def test_what_steps_wrote_is_listed_and_read(call: Shell) -> None:
    """Data of the run alone is gone with it; the rest stays, in versions."""
    for _ in range(3):
        ran = call("run", "greet.yaml")
        assert ran.code == 0, ran.out
        assert "a/read | hello ann\n" in ran.out
    listed = call("data", "list")
    assert _columns(listed.out, 0, 1, 2, 3, 4) == [
        ["greeter", "result-ann", "3", "result", "resource"],
        ["greeter", "result-bob", "3", "result", "resource"],
    ]
    assert _columns(call("data", "versions", "greeter", "result-ann").out, 2) == [["2"], ["3"]]
    got = json.loads(call("data", "get", "greeter", "result", "--vary", "bob").out)
    assert (got["stdout"], got["exitCode"]) == ("hello bob\n", 0)
    shown = json.loads(call("data", "get", "greeter", "result-ann", "-n", "2", "--json").out)
    assert (shown["version"], shown["tags"]["env"], shown["modelName"]) == (2, "prod", "greeter")


def test_a_list_is_narrowed(call: Shell) -> None:
    """By model, spec, tag, run and by what is in the data."""
    call("run", "greet.yaml")
    with _store() as store:
        store.write(NewArtifact(model="other", name="x", spec="log", kind="file", run_id="r"), b"x")
    for arguments, names in (
        (("--model", "other"), ["x"]),
        (("--spec", "log"), ["x"]),
        (("--tag", "env=prod"), ["result-ann", "result-bob"]),
        (("--run", "last"), ["result-ann", "result-bob"]),
        (("--query", "attributes.stdout.contains('bob')"), ["result-bob"]),
        (("--query", "version == 1", "--model", "other"), ["x"]),
        (("--tag", "env=test"), []),
    ):
        found = json.loads(call("data", "list", *arguments, "--json").out)
        assert sorted(one["name"] for one in found) == names, arguments


def test_a_file_is_printed_as_it_is_or_written(call: Shell, tmp_path: Path) -> None:
    """Bytes are bytes."""
    content = bytes(range(256)) * 1000
    with _store() as store:
        store.write(
            NewArtifact(model="m", name="f.bin", spec="f", kind="file", run_id="r"), content
        )
    assert call("data", "get", "m", "f.bin", "-o", str(tmp_path / "out")).code == 0
    assert (tmp_path / "out").read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("get", "nobody", "x"), "there is no data of a model 'nobody' (models with data here: m)"),
        (("get", "m", "g"), "'m' has no data 'g' (there are: f)"),
        (("get", "m", "f", "--version", "7"), "'f' of 'm' has no version 7 (has: 1)"),
        (("versions", "m", "g"), "'m' has no data 'g' (there are: f)"),
        (("list", "--tag", "x"), "invalid value for --tag: 'x' has no '='"),
        (
            ("list", "--query", "nam == 'x'"),
            "invalid value for --query: unknown name 'nam' (did you mean 'name'?)",
        ),
    ],
)
def test_what_is_not_there_is_said(call: Shell, arguments: tuple[str, ...], message: str) -> None:
    """With what is."""
    with _store() as store:
        store.write(NewArtifact(model="m", name="f", spec="s", run_id="r"))
    done = call("data", *arguments)
    assert done.code == 2
    assert done.err.splitlines()[0] == f"error: {message}"


def test_garbage_of_dead_runs_is_collected(call: Shell) -> None:
    """By `data gc`, and by `gc`, which does everything."""
    for command in (("data", "gc"), ("gc",)):
        with _store() as store:
            store.write(
                NewArtifact(model="m", name="f", spec="s", run_id="dead", lifetime="workflow")
            )
        assert "1 " in call(*command, "--dry-run").out
        assert call(*command).code == 0
        with _store() as store:
            assert store.models() == ()
    assert json.loads(call("data", "gc", "--json").out) == {"versions": 0, "freedBytes": 0}
    assert json.loads(call("gc", "--json").out)["data"] == {"versions": 0, "freedBytes": 0}


def test_models_and_names_are_completed(call: Shell) -> None:
    """What is kept is hard to remember."""
    with _store() as store:
        store.write(NewArtifact(model="git", name="result", spec="s", run_id="r"))
    ctx = app.make_context("swamp-driver", ["data", "get", "git"], resilient_parsing=True)
    parameter = app.params[0]
    assert [item.value for item in complete_models(ctx, parameter, "g")] == ["git"]
    ctx.params["model"] = "git"
    assert [item.value for item in complete_data_names(ctx, parameter, "")] == ["result"]
