"""The same file gives the same result under every driver of ours."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import attrs
import pytest

from tests.run.command import EXAMPLES, alive_below, commit_files, run

IMAGE = "swamp-test/debian"
OUTCOME = ("job", "step", "status", "end", "exit_code", "signal")


@attrs.frozen(kw_only=True)
class Outcome:
    """All of a run that must not depend on its driver."""

    exit_code: int
    steps: tuple[tuple[object, ...], ...]
    tree: dict[str, tuple[object, ...]]


def run_example(root: Path, name: str, *arguments: str) -> Outcome:
    """Run an example, look at everything, and remove it."""
    code, output = run("run", EXAMPLES / name / "workflow.yaml", "--preserve-workspace", *arguments)
    shown, text = run("show", "last", "--json")
    assert shown == 0, text
    record = json.loads(text)
    workspace = Path(record["workspace_path"])
    steps = sorted(tuple(str(step[key]) for key in OUTCOME) for step in record["steps"])
    assert steps, output
    outcome = Outcome(exit_code=code, steps=tuple(steps), tree=look_at(workspace))
    assert run("workspace", "remove", "--yes", record["run_id"])[0] == 0
    assert not workspace.exists()
    assert alive_below(root) == []
    return outcome


def look_at(workspace: Path) -> dict[str, tuple[object, ...]]:
    """Return name -> kind, mode, owner and content; the path of the workspace is named as such.

    What git keeps for itself is left out: it holds times and inode numbers.
    """
    tree = {}
    for path in workspace.rglob("*"):
        name = str(path.relative_to(workspace))
        if "/.git/" not in f"/{name}/":
            tree[name] = _entry(path, workspace)
    return tree


def _entry(path: Path, workspace: Path) -> tuple[object, ...]:
    status = path.lstat()
    content = b""
    if stat.S_ISLNK(status.st_mode):
        content = bytes(path.readlink())
    elif stat.S_ISREG(status.st_mode):
        content = path.read_bytes()
    content = content.replace(bytes(workspace), b"<workspace>")
    digest = hashlib.sha256(content).hexdigest()[:12] if len(content) > 200 else content
    return stat.filemode(status.st_mode), status.st_uid, status.st_gid, digest


@pytest.mark.engine
@pytest.mark.parametrize("driver", ["docker", "docker-session"])
def test_the_larger_example_gives_the_same_under_raw_and_in_containers(
    root: Path, driver: str
) -> None:
    """It is the promise of the product: where steps run is not seen in what they do."""
    here = run_example(root, "larger", "--driver", "raw")
    there = run_example(root, "larger", "--driver", driver, "--driver-config", f"image={IMAGE}")

    assert there.steps == here.steps
    assert there.tree == here.tree
    assert there.exit_code == here.exit_code == 0
    assert here.tree["where.txt"][-1] == b"<workspace>\n" * 3


@pytest.mark.engine
@pytest.mark.parametrize("driver", ["docker", "docker-session"])
def test_the_ci_example_gives_the_same_under_raw_and_in_containers(
    root: Path, tmp_path: Path, driver: str
) -> None:
    """Git, Python and parallel checks are what people do: a finding must be the same finding."""
    repository = commit_files(tmp_path / "repo", {"bad.json": "{\n", "fine.py": "print()\n"})
    source = ("--input", f"repo={repository}")
    volumes = f'volumes:=["{repository}:{repository}:ro"]'
    config = ("--driver-config", f"image={IMAGE}", "--driver-config", volumes)

    here = run_example(root, "ci", "--driver", "raw", *source)
    there = run_example(root, "ci", "--driver", driver, *config, *source)

    assert there == here
    assert here.exit_code == 1
