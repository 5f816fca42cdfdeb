"""Two traces -> how they differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import accumulate, chain

from swamp_driver.host.parity._compare_tree import tree_differences, tree_notes
from swamp_driver.host.parity._text_diff import describe_streams, diff_streams
from swamp_driver.host.parity._values import (
    Comparison,
    Difference,
    DifferenceKind,
    StepTrace,
    StreamTrace,
    Surroundings,
    Trace,
)
from swamp_driver.spec import Stream

_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
_SILENT = StreamTrace(size_bytes=0, digest="", head=b"")
_OF_CONTAINERS = frozenset({"HOSTNAME"})
"""What every container engine sets for itself, and no host does: told in the documents, and there
is nothing that anybody could do about it."""
_NOT_ASKED = Surroundings(problem="not asked")


def compare_traces(reference: Trace, other: Trace, *, ignore: Sequence[str] = ()) -> Comparison:
    """Return how `other` differs from `reference`: run, steps, streams, surroundings, then files.

    `ignore` are patterns of subjects (see `Difference.subject`) in which `*` stands for any text, a
    slash included. One that matches a directory leaves out all that is below it.
    """
    kept: list[Difference] = []
    ignored: list[Difference] = []
    for found in _differences(reference, other):
        (ignored if _is_ignored(found.subject, ignore) else kept).append(found)
    return Comparison(
        reference=reference.label,
        other=other.label,
        differences=tuple(kept),
        ignored=tuple(ignored),
        notes=tuple(_notes(reference, other)),
    )


def _is_ignored(subject: str, ignore: Sequence[str]) -> bool:
    """Return whether a subject or a directory that it is in is to be left out."""
    above = accumulate(subject.split("/"), lambda path, name: f"{path}/{name}")
    return any(
        fnmatchcase(path, pattern.rstrip("/")) for path in (*above, subject) for pattern in ignore
    )


def _differences(reference: Trace, other: Trace) -> Iterator[Difference]:
    yield from _run(reference, other)
    for name in _union(reference.steps, other.steps):
        yield from _step(name, reference.steps.get(name), other.steps.get(name))
    for name in _union(reference.surroundings, other.surroundings):
        yield from _surroundings(
            name, reference.surroundings.get(name), other.surroundings.get(name)
        )
    yield from tree_differences(reference.tree, other.tree)


def _union(*keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(chain(*keys)))


def _run(reference: Trace, other: Trace) -> Iterator[Difference]:
    yield from _unequal("run", "run:status", reference.status.value, other.status.value)
    yield from _unequal("run", "run:exit", reference.exit_code, other.exit_code)
    yield from _unequal("path", "run:workspace", reference.workspace_path, other.workspace_path)


def _unequal(
    kind: DifferenceKind, subject: str, one: object, another: object
) -> Iterator[Difference]:
    if one != another:
        yield Difference(kind=kind, subject=subject, what=f"{_word(one)} and {_word(another)}")


def _word(value: object) -> str:
    return "none" if value is None else str(value)


def _step(name: str, one: StepTrace | None, another: StepTrace | None) -> Iterator[Difference]:
    if one is None or another is None:
        there, missing = "there", "not there"
        words = f"{missing if one is None else there} and {missing if another is None else there}"
        yield Difference(kind="step", subject=f"{name}:status", what=words)
        return
    yield from _unequal("step", f"{name}:status", _end(one), _end(another))
    yield from _unequal("step", f"{name}:exit", one.exit_code, another.exit_code)
    yield from _unequal("step", f"{name}:signal", one.signal, another.signal)
    for stream in _STREAMS:
        yield from _stream(f"{name}:{stream}", one.streams.get(stream), another.streams.get(stream))
    for key in _union(one.outputs, another.outputs):
        subject = f"{name}:output:{key}"
        yield from _unequal("output", subject, one.outputs.get(key), another.outputs.get(key))
    for path in _union(one.files, another.files):
        subject = f"{name}:files:{path}"
        yield from _unequal("files", subject, one.files.get(path), another.files.get(path))


def _end(step: StepTrace) -> str:
    return step.status if step.end in (None, step.status) else f"{step.status} ({step.end})"


def _stream(
    subject: str, one: StreamTrace | None, another: StreamTrace | None
) -> Iterator[Difference]:
    one, another = one or _SILENT, another or _SILENT
    if (one.size_bytes, one.digest) != (another.size_bytes, another.digest):
        yield Difference(
            kind="stream",
            subject=subject,
            what=describe_streams(one, another),
            detail=diff_streams(one, another),
        )


def _surroundings(
    name: str, one: Surroundings | None, another: Surroundings | None
) -> Iterator[Difference]:
    one, another = one or _NOT_ASKED, another or _NOT_ASKED
    if one.problem is not None or another.problem is not None:
        problems = one.problem or "known", another.problem or "known"
        yield from _unequal("env", f"{name}:env", *problems)
        return
    yield from _unequal("path", f"{name}:cwd", one.cwd, another.cwd)
    yield from _unequal("path", f"{name}:workspace", one.workspace, another.workspace)
    for variable in sorted((one.env ^ another.env) - _OF_CONTAINERS):
        words = "set and not set" if variable in one.env else "not set and set"
        yield Difference(kind="env", subject=f"{name}:env:{variable}", what=words)


def _notes(reference: Trace, other: Trace) -> Iterator[str]:
    yield from tree_notes(reference.tree, other.tree)
    for name, one in reference.surroundings.items():
        another = other.surroundings.get(name)
        if one.problem is not None and another is not None and another.problem == one.problem:
            yield f"{name}: its variables could not be seen: {one.problem}"
