"""Comparing two runs: every difference of each kind is found, and equal runs have none."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver.host.parity import (
    Difference,
    StepTrace,
    StreamTrace,
    Surroundings,
    Trace,
    compare_traces,
)
from swamp_driver.rundir import TreeEntry, TreeView
from swamp_driver.spec import RunStatus


def a_stream(text: str) -> StreamTrace:
    """Return a short stream; its digest is its text."""
    return StreamTrace(size_bytes=len(text.encode()), digest=text, head=text.encode())


def an_entry(**fields: Any) -> TreeEntry:
    """Return a file."""
    defaults: dict[str, Any] = {
        "kind": "file",
        "mode": 0o644,
        "uid": 0,
        "gid": 0,
        "size_bytes": 1,
        "digest": "d",
    }
    return TreeEntry(**(defaults | fields))


def a_step(**fields: Any) -> StepTrace:
    """Return a step that succeeded and printed a line."""
    defaults: dict[str, Any] = {
        "status": "succeeded",
        "end": "succeeded",
        "exit_code": 0,
        "streams": {"stdout": a_stream("fine\n")},
        "outputs": {"key": "value"},
    }
    return StepTrace(**(defaults | fields))


def a_tree(**fields: Any) -> TreeView:
    """Return a tree of one file, with fields as given, in a directory."""
    top = TreeEntry(kind="directory", mode=0o755, uid=0, gid=0)
    return TreeView(entries={"dir": top, "dir/file": an_entry(**fields)})


def a_place(**fields: Any) -> Surroundings:
    """Return what a step found."""
    defaults: dict[str, Any] = {
        "env": frozenset({"PATH", "HOME"}),
        "cwd": "<run dir>/workspace",
        "workspace": "<run dir>/workspace",
    }
    return Surroundings(**(defaults | fields))


def a_trace(label: str = "raw", **fields: Any) -> Trace:
    """Return a run of one step."""
    defaults: dict[str, Any] = {
        "run_id": f"run-of-{label}",
        "status": RunStatus.SUCCEEDED,
        "exit_code": 0,
        "workspace_path": "<run dir>/workspace",
        "steps": {"job/step": a_step()},
        "surroundings": {"job/step": a_place()},
        "tree": a_tree(),
    }
    return Trace(label=label, **(defaults | fields))


def difference(**fields: Any) -> Difference:
    """Return the only difference of a run with these fields from an ordinary one."""
    (found,) = compare_traces(a_trace(), a_trace("other", **fields)).differences
    return found


def test_equal_runs_have_no_differences() -> None:
    """Ids, labels and times are no differences."""
    comparison = compare_traces(a_trace(), a_trace("other", duration_s=9.0, left=("x",)))
    assert (comparison.differences, comparison.ignored, comparison.notes) == ((), (), ())
    assert (comparison.reference, comparison.other) == ("raw", "other")


@pytest.mark.parametrize(
    ("step", "subject", "what"),
    [
        ({"status": "failed"}, "job/step:status", "succeeded and failed (succeeded)"),
        ({"end": "timed-out"}, "job/step:status", "succeeded and succeeded (timed-out)"),
        ({"exit_code": 3}, "job/step:exit", "0 and 3"),
        ({"exit_code": None}, "job/step:exit", "0 and none"),
        ({"signal": 9}, "job/step:signal", "none and 9"),
        ({"outputs": {"key": "x"}}, "job/step:output:key", "value and x"),
        ({"outputs": {}}, "job/step:output:key", "value and none"),
        ({"files": {"out": "1 bytes"}}, "job/step:files:out", "none and 1 bytes"),
        ({"streams": {}}, "job/step:stdout", "5 bytes and nothing"),
    ],
)
def test_a_step_that_went_another_way(step: dict[str, Any], subject: str, what: str) -> None:
    """Each of these is a promise that a driver can break alone."""
    found = difference(steps={"job/step": a_step(**step)})
    assert (found.subject, found.what) == (subject, what)


def test_streams_are_compared_one_by_one() -> None:
    """A driver that mixes them up is found out, also where the bytes are the same."""
    swapped = a_step(streams={"stderr": a_stream("fine\n")})
    found = compare_traces(a_trace(), a_trace(steps={"job/step": swapped})).differences
    assert [one.subject for one in found] == ["job/step:stdout", "job/step:stderr"]


def test_a_step_that_only_one_side_has() -> None:
    """A step that was never started has no record on that side."""
    found = difference(steps={})
    assert (found.kind, found.what) == ("step", "there and not there")


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ({"kind": "fifo", "size_bytes": None, "digest": None}, "a file and a fifo"),
        ({"mode": 0o755}, "mode 0644 and 0755"),
        ({"mode": 0o4755}, "mode 0644 and 4755"),
        ({"uid": 7}, "owner 0:0 and 7:0"),
        ({"gid": 7}, "owner 0:0 and 0:7"),
        ({"size_bytes": 2}, "1 and 2 bytes"),
        ({"digest": "e"}, "content sha256 d and sha256 e"),
        ({"digest": None}, "content sha256 d and unreadable"),
        ({"mode": 0, "uid": 7}, "mode 0644 and 0000; owner 0:0 and 7:0"),
    ],
)
def test_a_file_that_is_another(entry: dict[str, Any], what: str) -> None:
    """Type, mode, owner, size and content: all that a step can see of a file."""
    found = difference(tree=a_tree(**entry))
    assert (found.kind, found.subject, found.what) == ("tree", "dir/file", what)


def test_a_symlink_that_leads_elsewhere() -> None:
    """Its target is its content."""
    one, another = (
        TreeView(entries={"l": an_entry(kind="symlink", target=target, digest=None)})
        for target in ("a", "b")
    )
    (found,) = compare_traces(a_trace(tree=one), a_trace(tree=another)).differences
    assert found.what == "target 'a' and 'b'"


def test_of_a_missing_directory_only_the_top_is_told() -> None:
    """A missing `node_modules` is one finding, and not forty thousand."""
    names = ("a", "a/b", "a/b/c", "a-b", "b")
    top = TreeEntry(kind="directory", mode=0o700, uid=0, gid=0)
    full = TreeView(entries=dict.fromkeys(names, top))
    rest = TreeView(entries=dict.fromkeys(("a-b", "b"), top))
    found = compare_traces(a_trace(tree=full), a_trace(tree=rest)).differences
    assert [(one.subject, one.what) for one in found] == [("a", "a directory 0700 and missing")]


def test_what_could_not_be_looked_at_is_told() -> None:
    """On one side it is a difference; on both sides it must at least not be silent."""
    closed = attrs.evolve(a_tree(), problems=("'x' cannot be read: permission denied",))
    assert "only in the second: 'x' cannot be read" in difference(tree=closed).what
    both = compare_traces(a_trace(tree=closed), a_trace(tree=closed))
    assert both.differences == ()
    assert both.notes == ("'x' cannot be read: permission denied",)


@pytest.mark.parametrize(
    ("place", "kind", "subject", "what"),
    [
        ({"env": frozenset({"PATH"})}, "env", "job/step:env:HOME", "set and not set"),
        (
            {"env": frozenset({"PATH", "HOME", "NODE_VERSION"})},
            "env",
            "job/step:env:NODE_VERSION",
            "not set and set",
        ),
        ({"cwd": "/"}, "path", "job/step:cwd", "<run dir>/workspace and /"),
        ({"workspace": "/work"}, "path", "job/step:workspace", "<run dir>/workspace and /work"),
        ({"problem": "no sed"}, "env", "job/step:env", "known and no sed"),
    ],
)
def test_a_step_that_finds_itself_elsewhere(
    place: dict[str, Any], kind: str, subject: str, what: str
) -> None:
    """One path on all sides is the promise of the product."""
    found = difference(surroundings={"job/step": a_place(**place)})
    assert (found.kind, found.subject, found.what) == (kind, subject, what)


def test_the_name_that_containers_give_themselves_is_no_difference() -> None:
    """Every engine sets HOSTNAME, no host does: it would stand in every comparison."""
    place = a_place(env=frozenset({"PATH", "HOME", "HOSTNAME"}))
    assert compare_traces(a_trace(), a_trace(surroundings={"job/step": place})).differences == ()


@pytest.mark.parametrize(
    ("run", "subject", "what"),
    [
        ({"status": RunStatus.FAILED}, "run:status", "succeeded and failed"),
        ({"exit_code": 1}, "run:exit", "0 and 1"),
        ({"workspace_path": "/w"}, "run:workspace", "<run dir>/workspace and /w"),
    ],
)
def test_a_run_that_ends_otherwise(run: dict[str, Any], subject: str, what: str) -> None:
    """It is what a caller sees first."""
    found = difference(**run)
    assert (found.subject, found.what) == (subject, what)


@pytest.mark.parametrize(
    ("pattern", "is_ignored"),
    [
        ("dir/file", True),
        ("dir", True),
        ("dir/", True),
        ("*.o", False),
        ("d*", True),
        ("*ile", True),
        ("fil", False),
        ("job/step:stdout", False),
    ],
)
def test_ignoring_files(pattern: str, *, is_ignored: bool) -> None:
    """A pattern speaks of a path or of a directory that it is in, and of nothing else."""
    comparison = compare_traces(a_trace(), a_trace(tree=a_tree(digest="e")), ignore=[pattern])
    assert bool(comparison.ignored) is is_ignored
    assert bool(comparison.differences) is not is_ignored


def test_ignoring_what_steps_do() -> None:
    """A step that prints the time is ignored by its stream, not as a whole."""
    other = a_step(exit_code=3, streams={"stdout": a_stream("12:00\n")})
    traces = a_trace(), a_trace(steps={"job/step": other})
    one_stream = compare_traces(*traces, ignore=["*:stdout"])
    assert [one.subject for one in one_stream.differences] == ["job/step:exit"]
    assert compare_traces(*traces, ignore=["job"]).differences == ()


def diff(before: str, after: str) -> list[str]:
    """Return the lines that show how two texts differ."""
    step = a_step(streams={"stdout": a_stream(before)})
    other = a_step(streams={"stdout": a_stream(after)})
    (found,) = compare_traces(
        a_trace(steps={"job/step": step}), a_trace(steps={"job/step": other})
    ).differences
    return list(found.detail)


def test_a_difference_in_text_is_shown_with_what_stands_around_it() -> None:
    """The line alone rarely says where one is."""
    assert diff("a\nb\nc\nd\n", "a\nb\nx\nd\n") == ["(line 2)", " b", "-c", "+x", " d"]


def test_a_missing_end_of_line_is_shown() -> None:
    """Lost last bytes are what bad drivers do."""
    assert diff("a\n", "a") == ["(line 1)", "-a", "+a (no end of line)"]


def test_long_differences_are_cut() -> None:
    """Two streams that have nothing in common are no text to read."""
    lines = diff("\n".join(map(str, range(100))), "")
    assert len(lines) == 13
    assert lines[-1] == "(89 more lines)"
    assert max(map(len, diff("x" * 1000, "y"))) <= 200


def test_very_long_streams_are_shown_by_the_first_line_that_differs() -> None:
    """A true diff of them takes minutes."""
    before = "".join(f"{number}\n" for number in range(5000))
    assert diff(before, before.replace("4000\n", "x\n")) == ["(line 4001)", "-4000", "+x"]
    assert diff(before, before + "more\n") == ["(line 5001)", "+more"]


def test_streams_that_are_no_text_are_not_shown() -> None:
    """A terminal is no place for them."""
    assert diff("\0a", "\0b") == ["(not text)"]


def test_streams_that_differ_after_what_is_kept() -> None:
    """The beginning is equal: that is said, and no empty diff shown."""
    streams = [
        StreamTrace(size_bytes=10, digest=digest, head=b"same") for digest in ("one", "other")
    ]
    one, other = (a_trace(steps={"s": a_step(streams={"stdout": s})}) for s in streams)
    (found,) = compare_traces(one, other).differences
    assert found.what == "both 10 bytes, another content"
    assert found.detail == ("(the first 4 bytes are equal)",)
