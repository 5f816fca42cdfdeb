# ruff: noqa: D103 - models and helpers of tests
"""Methods in a process of their own, as a step runs them."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import attrs
import pytest

import swamp_driver.models
from swamp_driver.models._pack import pack

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
import multiprocessing, os, signal, subprocess, sys, threading, time
from swamp_driver.models import File, Model, Resource, method
import _shared

@dataclass
class Checkout:
    path: str
    commit: str = "c0ffee"

def double(number):
    return 2 * number

GOOD = {"path": "p", "commit": "c"}

class Git(Model):
    type = "ci/git"

    @dataclass
    class Arguments:
        url: str
        ref: str = "main"

    resources = {"checkout": Resource(Checkout, tags={"by": "git"})}
    files = {"log": File(content_type="text/plain")}

    @method
    def clone(self, depth: int, like: Checkout | None = None) -> None:
        print("junk on stdout")
        self.logger.info("%s %s %s", self.name, self.arguments.url, self.workspace)
        path = f"{self.arguments.ref}-{depth}-{_shared.WORD}-{like and like.commit}"
        self.write_resource("checkout", "result", Checkout(path=path), tags={"n": "1"})
        with self.create_file_writer("log", "clone.log") as file:
            subprocess.run(["echo", "from a child"], stdout=file, check=True)
            file.write("wörds")

    @method
    def fails(self) -> None:
        self.write_resource("checkout", "before", GOOD)
        self.create_file_writer("log", "left-open").write("kept")
        raise RuntimeError("no such repository")

    @method
    def writes_wrong(self) -> None:
        self.write_resource("checkout", "result", {"path": 3, "comit": "x"})

    @method
    def unknown_kind(self) -> None:
        self.write_resource("chekout", "result", GOOD)

    @method
    def bad_name(self) -> None:
        self.write_resource("checkout", "../etc", GOOD)

    @method
    def too_large(self) -> None:
        self.write_resource("checkout", "result", {"path": "x" * 5_000_000, "commit": ""})

    @method
    def large_file(self) -> None:
        with self.create_file_writer("log", "big") as file:
            for _ in range(100):
                file.write(bytes(1_000_000))

    @method
    def dies(self, how: str) -> None:
        self.write_resource("checkout", "before", GOOD)
        if how == "exit":
            os._exit(7)
        os.kill(os.getpid(), int(how))

    @method
    def exits(self) -> None:
        sys.exit("enough")

    @method
    def forks(self) -> None:
        self.write_resource("checkout", "parent", GOOD)
        if os.fork() == 0:
            return
        os.wait()

    @method
    def waits(self) -> None:
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except Exception:
            print("swallowed")
        finally:
            self.write_resource("checkout", "last", GOOD)

    @method
    def returns(self) -> None:
        return 3

    @method
    def works_in_parallel(self, how: str) -> None:
        with multiprocessing.get_context(how).Pool(2) as pool:
            found = pool.map(double, [1, 2, 3])
        self.write_resource("checkout", "result", {"path": str(found)})

    @method
    def shuffles(self) -> None:
        import random
        self.write_resource("checkout", "result", {"path": str(random.choice([1]))})

    @method
    def hangs_after(self) -> None:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""


@attrs.frozen
class Ended:
    """What a process left."""

    exit_code: int
    outcome: str | None
    message: str | None
    results: list[dict[str, object]]
    files: bytes
    stdout: str
    stderr: str


def start(exchange: Path, method: str, **request: object) -> subprocess.Popen[str]:
    sources = {"git.py": SOURCE, "_shared.py": "WORD = 'shared'\n", "random.py": "broken(\n"}
    if "module" in request:
        package = {"acme/__init__.py": "", "acme/git.py": SOURCE}
        sources = {**package, "_shared.py": "WORD = 'installed'\n"}
        request = {"origin": {"module": request["module"], "class": "Git"}, "inputs": {"depth": 1}}
    (exchange / "method.pyz").write_bytes(pack(sources))
    whole = {
        "schema": 1,
        "origin": {"file": "git.py", "class": "Git"},
        "method": method,
        "model": {"name": "upstream", "id": None, "type": "ci/git"},
        "run": {"id": "r", "job": "j", "step": "s"},
        "arguments": {"url": "https://example.org"},
        "inputs": {},
        "workspace": "/work",
        **request,
    }
    (exchange / "request.json").write_text(json.dumps(whole))
    return subprocess.Popen(
        [sys.executable, "-I", str(exchange / "method.pyz")],
        cwd="/",
        env={"PATH": os.environ["PATH"], "TMPDIR": str(exchange)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], exchange: Path) -> Ended:
    stdout, stderr = process.communicate(timeout=60)
    outcome = exchange / "outcome.json"
    told = json.loads(outcome.read_text()) if outcome.exists() else {}
    lines = exchange / "results.jsonl"
    files = exchange / "files.bin"
    return Ended(
        exit_code=process.returncode,
        outcome=told.get("outcome"),
        message=told.get("message"),
        results=[json.loads(line) for line in lines.read_text().splitlines()]
        if lines.exists()
        else [],
        files=files.read_bytes() if files.exists() else b"",
        stdout=stdout,
        stderr=stderr,
    )


def run(exchange: Path, method: str, **request: object) -> Ended:
    return end(start(exchange, method, **request), exchange)


def names(ended: Ended) -> list[object]:
    return [result["name"] for result in ended.results]


def test_a_method_runs_and_its_results_are_files(tmp_path: Path) -> None:
    """Prints are logs; what is kept is what the method wrote, with tags and types."""
    like = {"path": "x"}
    ended = run(tmp_path, "clone", inputs={"depth": 2, "like": like})
    assert ended == Ended(
        exit_code=0,
        outcome="ok",
        message="",
        results=[
            {
                "kind": "resource",
                "spec": "checkout",
                "name": "result",
                "attributes": {"path": "main-2-shared-c0ffee", "commit": "c0ffee"},
                "tags": {"by": "git", "n": "1"},
            },
            {
                "kind": "file",
                "spec": "log",
                "name": "clone.log",
                "offset": 0,
                "size": 19,
                "contentType": "text/plain",
                "tags": {},
            },
        ],
        files="from a child\nwörds".encode(),
        stdout="junk on stdout\n",
        stderr="INFO: upstream https://example.org /work\n",
    )


def test_results_before_a_failure_are_kept(tmp_path: Path) -> None:
    """What a method knew before it failed is what a person needs to find out why."""
    ended = run(tmp_path, "fails")
    assert (ended.outcome, ended.message) == ("failed", "RuntimeError: no such repository")
    assert names(ended) == ["before", "left-open"]
    assert ended.files == b"kept"
    assert 'raise RuntimeError("no such repository")' in ended.stderr


def test_inputs_and_arguments_are_checked_where_the_method_runs(tmp_path: Path) -> None:
    """The same check as in the plan: all problems, with paths, before any code of the method."""
    ended = run(tmp_path, "clone", arguments={"ref": 3}, inputs={"depht": 1})
    assert (ended.outcome, ended.message) == (
        "failed",
        (
            "ci/git: clone: globalArguments.url: is missing; "
            "globalArguments.ref: expected text, found the number 3; inputs.depth: is missing; "
            "inputs.depht: unknown key 'depht' (did you mean 'depth'?)"
        ),
    )


@pytest.mark.parametrize(
    ("method", "outcome", "message"),
    [
        (
            "writes_wrong",
            "wrong-schema",
            (
                "resource 'result' (checkout): path: expected text, found the number 3; "
                "comit: unknown key 'comit' (did you mean 'commit'?)"
            ),
        ),
        (
            "unknown_kind",
            "failed",
            "DefinitionError: unknown resource 'chekout' (did you mean 'checkout'?)",
        ),
        (
            "bad_name",
            "failed",
            (
                "DefinitionError: '../etc' cannot be the name of a resource "
                "(letters, digits and '._@:+-', at most 128)"
            ),
        ),
        (
            "too_large",
            "failed",
            (
                "LimitError: the resource 'result' has 5000026 bytes of attributes, and at most "
                "4194304 are kept (write a file in place of it)"
            ),
        ),
        (
            "large_file",
            "failed",
            (
                "LimitError: the file 'big' has 100000000 bytes, and the files of a method are "
                "at most 67108864 bytes together (leave large files in the workspace, and write "
                "their path)"
            ),
        ),
        ("exits", "failed", "the method exited: enough"),
        (
            "colne",
            "failed",
            "ci/git: unknown method 'colne' (did you mean 'clone'?)",
        ),
    ],
)
def test_what_a_method_does_wrong_is_told(
    tmp_path: Path, method: str, outcome: str, message: str
) -> None:
    """A failure is typed and readable without a look at the log."""
    ended = run(tmp_path, method)
    assert (ended.outcome, ended.message) == (outcome, message)


@pytest.mark.parametrize(("how", "exit_code"), [("exit", 7), ("9", -9), ("11", -11)])
def test_a_method_that_dies_leaves_its_results_and_no_outcome(
    tmp_path: Path, how: str, exit_code: int
) -> None:
    """The absence of an outcome is how the host knows."""
    ended = run(tmp_path, "dies", inputs={"how": how})
    assert (ended.exit_code, ended.outcome, names(ended)) == (exit_code, None, ["before"])


def test_a_fork_that_comes_back_ends_without_an_outcome(tmp_path: Path) -> None:
    """One request has one outcome, that of the process that was started."""
    ended = run(tmp_path, "forks")
    assert (ended.exit_code, ended.outcome, names(ended)) == (0, "ok", ["parent"])


def test_term_is_an_exception_that_only_clean_up_sees(tmp_path: Path) -> None:
    """Results written while a method is cancelled are kept; `except Exception` does not stop it."""
    process = start(tmp_path, "waits")
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGTERM)
    ended = end(process, tmp_path)
    assert (ended.outcome, ended.message) == ("cancelled", "the step was told to stop")
    assert (names(ended), ended.stdout) == (["last"], "")


def test_an_installed_model_runs_from_what_travelled(tmp_path: Path) -> None:
    """Its package is not installed where the step runs."""
    ended = run(tmp_path, "clone", module="acme.git")
    assert (ended.outcome, ended.message) == ("ok", "")
    assert names(ended) == ["result", "clone.log"]


@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_a_method_may_use_processes(tmp_path: Path, how: str) -> None:
    """A pool that starts the program again must not run the method again."""
    ended = run(tmp_path, "works_in_parallel", inputs={"how": how})
    assert (ended.outcome, ended.message) == ("ok", "")
    (result,) = ended.results
    assert result["attributes"] == {"path": "[2, 4, 6]"}


def test_a_model_is_no_rival_of_the_standard_library(tmp_path: Path) -> None:
    """A file `random.py` among the models is not what `import random` means."""
    assert run(tmp_path, "shuffles").outcome == "ok"


def test_what_a_method_returns_is_not_kept_and_said_so(tmp_path: Path) -> None:
    """Whoever expects it to be data learns of it at the first try."""
    ended = run(tmp_path, "returns")
    assert (ended.outcome, ended.stderr) == (
        "ok",
        "WARNING: what the method returned is not kept; 'write_resource' keeps data\n",
    )


def test_a_thread_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    """A daemon thread ends with the method."""
    assert run(tmp_path, "hangs_after").outcome == "ok"


def test_the_program_is_the_same_for_the_same_sources() -> None:
    """So that it can be cached by content, and shown to be what was planned."""
    sources = {"b.py": "x = 1\n", "a/__init__.py": ""}
    assert pack(sources) == pack(dict(reversed(sources.items())))


def test_a_python_of_another_version_takes_the_sources(tmp_path: Path) -> None:
    """What was compiled here is for this version alone."""
    process = start(tmp_path, "returns")
    end(process, tmp_path)
    program = tmp_path / "method.pyz"
    with zipfile.ZipFile(program) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(program, "w") as archive:
        for name, data in found.items():
            archive.writestr(name, b"\0\0\r\n" + data[4:] if name.endswith("pyc") else data)
    (tmp_path / "outcome.json").unlink()
    command = [sys.executable, "-I", str(program)]
    subprocess.run(command, check=True, capture_output=True, env={"TMPDIR": str(tmp_path)})
    assert json.loads((tmp_path / "outcome.json").read_text())["outcome"] == "ok"


def test_the_runtime_is_python_3_9() -> None:
    """It runs in whatever image a step names; a newer construct would fail there only."""
    folder = Path(swamp_driver.models.__file__).parent
    for path in folder.glob("*.py"):
        ast.parse(path.read_text(), filename=str(path), feature_version=(3, 9))
        tree = ast.parse(path.read_text())
        roots = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert roots - {"swamp_driver"} <= sys.stdlib_module_names, path
