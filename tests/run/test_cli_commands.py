"""Every command, in one process, as a person would use them one after the other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from swamp_driver.cli._app import app
from tests.run.shell import Shell

CHECKS = """\
name: checks
inputs:
  who: {type: array, items: {type: string}, default: [ann, bob]}
  tries: {type: integer, default: 1}
jobs:
  - name: check
    steps:
      - name: greet-${{ self.who }}
        forEach: {item: who, in: "${{ inputs.who }}"}
        run: echo hello ${{ inputs.tries }} ${{ self.who }}
      - name: types
        run: |
          echo "model.py:7: expected int" >&2
          exit 2
"""
FINE = "name: fine\njobs:\n  - name: a\n    steps:\n      - {name: b, run: 'printf x; exit 0'}\n"


@pytest.fixture
def call(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Return a way to call commands in an empty directory that holds two workflows."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "checks.yaml").write_text(CHECKS, encoding="utf-8")
    (here / "fine.yaml").write_text(FINE, encoding="utf-8")
    monkeypatch.chdir(here)
    return Shell(capsys)


def test_a_run_can_be_found_looked_at_and_read_again(call: Shell) -> None:
    """Run, runs, show, logs: the way of everyone whose run failed."""
    ran = call("run", "checks.yaml")
    assert (ran.code, ran.err) == (1, "")
    listed = call("runs").out.splitlines()
    run_id = listed[1].split()[0]
    assert "failed" in listed[1]
    shown = call("show", run_id[:4])
    assert "✗ check/types" in shown.out
    assert "failed: exit code 2" in shown.out
    logs = call("logs", run_id)
    assert "check/greet-ann | hello 1 ann\n" in logs.out
    assert call("logs", "last", "check/types").out == "model.py:7: expected int\n"
    assert call("logs", "check/types", "--stream", "stdout").out == ""


HAND_OVER = """\
name: hand-over
workspace: {enabled: false}
jobs:
  - name: a
    steps:
      - name: make
        run: mkdir out; printf hello > out/f; ln -s f out/l
        outputs: [{path: out, makeAvailableTo: [use]}]
      - name: use
        dependsOn: [{step: make, condition: {type: succeeded}}]
        run: cat out/l
"""


def test_files_that_were_handed_on_are_shown_and_collected_with_their_run(call: Shell) -> None:
    """They are kept as long as the run is, and no longer."""
    Path("hand-over.yaml").write_text(HAND_OVER, encoding="utf-8")
    assert call("run", "hand-over.yaml", "--preserve-workspace").code == 0
    lines = call("show").out.splitlines()
    row = lines[next(n for n, line in enumerate(lines) if line.startswith("HANDED ON BY")) + 1]
    assert re.fullmatch(r"a/make +2 +5 B +[0-9a-f]{12} +out", row)
    (made,) = json.loads(call("show", "--json").out)["steps"][0]["handed_on"]
    assert made["digest"].startswith(row.split()[-2])
    (kept,) = (
        one for one in json.loads(call("gc", "--json").out)["leftovers"] if one["kind"] == "outputs"
    )
    assert (kept["result"], Path(kept["name"]).is_dir()) == ("kept: preserved", True)
    call("workspace", "remove", "last", "--yes")
    # The process of the run lives: it is this one. Only then may nothing go.
    assert "kept: its run is alive" in call("gc", "--dry-run").out


def test_json_of_every_command_is_json(call: Shell) -> None:
    """A program must never have to read a table."""
    call("run", "checks.yaml", "--preserve-workspace")
    run = json.loads(call("show", "--json").out)
    assert run["status"] == "failed"
    assert {step["step"] for step in run["steps"]} == {"greet-ann", "greet-bob", "types"}
    assert json.loads(call("runs", "--json").out)[0]["run_id"] == run["run_id"]
    pieces = [json.loads(line) for line in call("logs", "--json").out.splitlines()]
    assert {"stdout", "stderr"} == {piece["stream"] for piece in pieces}
    (kept,) = json.loads(call("workspace", "list", "--json").out)
    assert kept["run_id"] == run["run_id"]
    assert json.loads(call("workspace", "path", run["run_id"], "--json").out)["path"]
    assert json.loads(call("workspace", "remove", "last", "--yes", "--json").out)[0] == kept
    assert {"raw", "docker"} <= {one["name"] for one in json.loads(call("drivers", "--json").out)}
    raw = json.loads(call("drivers", "show", "raw", "--json").out)
    assert "passEnv" in {option["key"] for option in raw["options"]}


def test_events_on_stdout_are_json_lines(call: Shell) -> None:
    """With `--format json` stdout holds events only."""
    events = [
        json.loads(line) for line in call("run", "checks.yaml", "--format", "json").out.splitlines()
    ]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("run-started", "run-ended")


def test_inputs_come_from_arguments_and_files(call: Shell, tmp_path: Path) -> None:
    """An argument wins over the file, and a text becomes the number that is declared."""
    for name, text in (
        ("inputs.json", '{"who": ["eve"], "tries": 5}'),
        ("inputs.yaml", "who: [eve]  # alone\ntries: 5\n"),
        ("inputs.yml", "who: &a [eve]\ntries: 5\n"),
        ("inputs.toml", 'who = ["eve"]\ntries = 5\n'),
        ("inputs", '{"who": ["eve"], "tries": 5}'),
    ):
        given = tmp_path / name
        given.write_text(text, encoding="utf-8")
        ran = call("run", "checks.yaml", "--input-file", str(given), "-i", "tries=3")
        assert "check/greet-eve | hello 3 eve" in ran.out, name


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("inputs.json", "[1]", ": it must hold names with values"),
        ("inputs.json", "{", ":1:2: not JSON: Expecting property name enclosed in double quotes"),
        (
            "inputs.cfg",
            "a: 1",
            ":1:1: not JSON: Expecting value",
        ),
        ("inputs.json", None, ": the file cannot be read: No such file or directory"),
        ("inputs.yaml", "- a", ": it must hold names with values"),
        ("inputs.yaml", "a: 1\na: 2", ":2:1: a: the key 'a' stands here a second time"),
        (
            "inputs.yaml",
            "a: !!python/name:os.system x",
            ":1:4: a: the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
        ("inputs.toml", "a = \n", ":1:5: not TOML: Invalid value"),
    ],
)
def test_a_wrong_input_file_is_said(
    call: Shell, tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    """Nothing runs, and the file is named."""
    given = tmp_path / name
    if text is not None:
        given.write_text(text, encoding="utf-8")
    ran = call("run", "checks.yaml", "--input-file", str(given))
    assert ran.code == 2
    assert f"{given}{message}" in ran.err


def test_what_toml_has_and_json_has_not_is_text(call: Shell, tmp_path: Path) -> None:
    """A date is what it looks like."""
    (tmp_path / "inputs.toml").write_text("who = [2026-11-28]\n", encoding="utf-8")
    ran = call("run", "checks.yaml", "--input-file", str(tmp_path / "inputs.toml"))
    assert "hello 1 2026-11-28" in ran.out


def test_options_of_a_driver_are_checked_before_anything_runs(call: Shell) -> None:
    """All of them at once, named as they were given."""
    ran = call("run", "fine.yaml", "-c", "passEnv:=3", "-c", "foo=1")
    assert ran.code == 2
    assert "--driver-config.foo: unknown option 'foo'" in ran.err
    assert "--driver-config.passEnv" in ran.err


def test_options_of_a_driver_come_from_a_file(call: Shell, tmp_path: Path) -> None:
    """A long configuration does not belong on a command line."""
    (tmp_path / "raw.json").write_text('{"passEnv": ["NOT_*"]}', encoding="utf-8")
    config = f"@{tmp_path / 'raw.json'}"
    assert call("run", "fine.yaml", "--driver", "raw", "-c", config).code == 0


def test_texts_of_driver_options_are_texts(call: Shell) -> None:
    """`containment=portable` is the commonest form."""
    assert call("run", "fine.yaml", "-c", "containment=portable").code == 0


def test_all_problems_of_all_files_are_reported(call: Shell) -> None:
    """One go for everything that must be repaired."""
    Path("bad.yaml").write_text(
        "name: bad\njobs:\n  - name: a\n    step: []\n    weigth: 3\n", encoding="utf-8"
    )
    done = call("validate", "bad.yaml", "fine.yaml", "missing.yaml")
    assert done.code == 2
    assert done.out == "✓ fine.yaml\n"
    assert "bad.yaml:4:5: jobs[0].step: unknown key 'step'" in done.err
    assert "      |     ^\n    hint: did you mean 'steps'?" in done.err
    assert done.err.endswith("problems in bad.yaml, missing.yaml\n")
    found = json.loads(call("validate", "bad.yaml", "fine.yaml", "--json").out)["files"]
    assert [(one["file"], one["ok"]) for one in found] == [("bad.yaml", False), ("fine.yaml", True)]
    assert {problem["line"] for problem in found[0]["problems"]} >= {4, 5}


FOREIGN = """\
name: foreign
inputs:
  properties:
    region: {type: string}
  required: []
reports: {require: ["@team/summary"]}
jobs:
  - name: gather
    steps:
      - name: list
        task: {type: model_method, modelType: "@team/cloud", modelName: c, methodName: list}
      - name: more
        task:
          type: model_method
          modelType: "@team/cloud"
          modelName: c
          methodName: more
          inputs: {region: "${{ inputs.region }}"}
      - name: known
        task: {type: model_method, modelIdOrName: notes, methodName: write}
      - name: nested
        task: {type: workflow, workflowIdOrName: "@team/other"}
      - name: secret
        env: {TOKEN: "${{ vault.get('team', 'token') }}"}
        run: "true"
      - name: there
        driver: lonely-planet
        run: "true"
"""


def test_a_file_that_names_what_is_not_here_is_told_so_once_for_each(call: Shell) -> None:
    """Who brings thirty files wants to know what to install, not where each step stands."""
    Path("foreign.yaml").write_text(FOREIGN, encoding="utf-8")

    done = call("validate", "foreign.yaml")

    assert done.code == 2
    assert done.err.count("unknown model type '@team/cloud'") == 1
    assert "entry points 'swamp.models'" in done.err
    for what in (
        "model 'notes'",
        "workflow '@team/other'",
        "vault 'team'",
        "report '@team/summary'",
    ):
        assert what in done.err
    assert "'region' has no value" not in done.err


def test_the_shape_of_a_file_can_be_right_where_what_it_names_is_absent(call: Shell) -> None:
    """Files of others can be checked before their models are there."""
    Path("foreign.yaml").write_text(FOREIGN, encoding="utf-8")
    Path("wrong.yaml").write_text(
        FOREIGN.replace("methodName: more", "methodNam: more"), encoding="utf-8"
    )

    done = call("validate", "--shape", "foreign.yaml")
    wrong = call("validate", "--shape", "wrong.yaml", "--json")
    [told] = json.loads(wrong.out)["files"]

    assert done.code == 0
    assert "unknown model type '@team/cloud'" in done.out
    assert wrong.code == 2
    assert [problem["kind"] for problem in told["problems"]] == ["wrong", "wrong"]
    assert {problem["kind"] for problem in told["absent"]} == {"absent"}


def test_a_file_with_required_inputs_can_be_validated(call: Shell) -> None:
    """Whoever checks files in CI has no values for their inputs."""
    Path("needs.yaml").write_text(
        "name: needs\n"
        "inputs: {type: object, properties: {repo: {type: string}}, required: [repo]}\n"
        "jobs:\n  - {name: a, steps: [{name: b, run: 'echo ${{ inputs.repo }}'}]}\n",
        encoding="utf-8",
    )
    assert call("validate", "needs.yaml").code == 0
    assert call("run", "needs.yaml").code == 2


def test_an_unknown_driver_in_a_file_is_a_problem_at_its_place(call: Shell) -> None:
    """Validation needs the drivers that the file names."""
    Path("typo.yaml").write_text(FINE + "driver: docekr\n", encoding="utf-8")
    done = call("validate", "typo.yaml")
    assert done.code == 2
    assert re.search(r"typo.yaml:6:9: driver: unknown driver 'docekr'.*docker", done.err, re.S)


def test_the_schema_is_one(call: Shell, tmp_path: Path) -> None:
    """Editors take it as it is printed, and as it is written."""
    printed = json.loads(call("schema").out)
    assert printed["$schema"].startswith("https://json-schema.org/")
    target = tmp_path / "schema.json"
    assert call("schema", "--output", str(target)).code == 0
    assert json.loads(target.read_text(encoding="utf-8")) == printed
    assert "cannot be written" in call("schema", "-o", str(tmp_path / "no/where")).err


def test_drivers_are_listed_and_shown(call: Shell) -> None:
    """What can I use, and what can it do?"""
    assert re.search(r"^raw +swamp-drivers \S+ +\w", call("drivers").out, re.MULTILINE)
    shown = call("drivers", "show", "raw").out
    assert "host-visible" in shown
    assert re.search(r"^passEnv +list of text +\[\] +\w", shown, re.MULTILINE)
    assert "did you mean 'raw'?" in call("drivers", "show", "rwa").err


def test_a_kept_workspace_can_be_found_and_removed(call: Shell) -> None:
    """List, path, remove: until then nothing removes it."""
    call("run", "fine.yaml", "--preserve", "always")
    path = Path(call("workspace", "path", "last").out.strip())
    assert path.is_dir()
    assert str(path) in call("workspace", "list").out
    asked = call("workspace", "remove", "last")
    assert (asked.code, path.is_dir()) == (2, True)
    assert "--yes" in asked.err
    assert call("workspace", "remove", "last", "--yes").out == f"removed {path}\n"
    assert call("workspace", "list").out == "no workspaces are kept\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_us_back(call: Shell, shell: str) -> None:
    """The script asks the program itself what to offer."""
    assert f"_SWAMP_DRIVER_COMPLETE={shell}_complete" in call("completion", shell).out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("va", ["validate"]),
        ("run ch", ["checks.yaml"]),
        ("run ./ch", ["./checks.yaml"]),
        ("run ../he", ["../he"]),  # a directory: the shell goes on from here
        ("logs la", ["last"]),
        ("run x --driver docker-s", ["docker-session"]),
        ("workspace path nothing", []),
    ],
)
def test_a_tab_offers_what_is_there(
    call: Shell, monkeypatch: pytest.MonkeyPatch, line: str, offered: list[str]
) -> None:
    """Runs, drivers, workflows and workspaces are completed from what there is."""
    call("run", "fine.yaml")
    monkeypatch.setenv("COMP_WORDS", f"swamp-driver {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split())))
    monkeypatch.setenv("_SWAMP_DRIVER_COMPLETE", "bash_complete")
    found = call()
    assert [entry.split(",")[1] for entry in found.out.split()] == offered


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "fine.yaml", "--inptu", "x"), "did you mean"),
        (("frobnicate",), "no such command 'frobnicate'"),
        (("show", "zzz"), "there is no run 'zzz'"),
        (("logs", "zzz"), "there is no run 'zzz'"),
        (("run", "missing.yaml"), "cannot be read"),
        (("run", "fine.yaml", "--driver", "rwa"), "did you mean 'raw'?"),
        (("run", "fine.yaml", "-q", "-v"), "exclude each other"),
        (("workspace", "path", "zzz"), "there is no workspace 'zzz'"),
        (("run", "fine.yaml", "-i", "novalue"), "--input novalue: "),
        (("run", "fine.yaml", "-c", "novalue"), "--driver-config novalue: "),
    ],
)
def test_what_cannot_be_understood_ends_with_2(
    call: Shell, arguments: tuple[str, ...], words: str
) -> None:
    """The user can repair it: nothing ran, nothing on stdout, an error that says what to do."""
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words.lower() in done.err.lower()
    assert "Traceback" not in done.err


def test_a_step_that_is_not_there_is_said_with_those_that_are(call: Shell) -> None:
    """Names are long and easily mistyped."""
    call("run", "checks.yaml")
    assert "did you mean 'check/types'?" in call("logs", "check/typs").err


def test_there_are_words_for_nothing(call: Shell) -> None:
    """An empty table looks like a mistake."""
    assert "there are no runs yet" in call("runs").out
    assert call("show").code == 2


def test_every_command_explains_itself(call: Shell) -> None:
    """`--help` of each command says what it is for, and shows examples."""
    names = app.list_commands(app.make_context("swamp-driver", ["runs"], obj=object()))
    assert {"run", "validate", "schema", "drivers", "runs", "show", "logs"} <= set(names)
    for name in names:
        done = call(name, "--help")
        assert done.code == 0
        assert "Usage:" in done.out
        assert "Examples" in done.out


def test_the_help_of_run_lists_the_exit_codes(call: Shell) -> None:
    """Scripts depend on them."""
    text = call("run", "--help").out
    assert [int(code) for code in re.findall(r"^ +(\d+)  \w", text, re.MULTILINE)] == [
        0, 1, 2, 3, 4, 130,
    ]  # fmt: skip


def test_the_version_is_ours(call: Shell) -> None:
    """What people are asked for first when they report something."""
    first, *drivers = call("--version").out.splitlines()
    assert re.fullmatch(r"swamp-driver \d+\.\d+\.\d+\S* \(Python [\d.]+, \w+ \w+\)", first)
    assert [line.split()[0] for line in drivers] == ["docker", "docker-session", "raw"]
    assert re.search(r"swamp-drivers \d+\.\d+\.\d+\S*: step agent", drivers[-1])
