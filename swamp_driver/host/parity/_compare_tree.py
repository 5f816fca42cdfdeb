"""Two trees -> how they differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.host.parity._values import Difference
from swamp_driver.rundir import TreeEntry, TreeView


def tree_differences(reference: TreeView, other: TreeView) -> Iterator[Difference]:
    """Yield a difference for each path; below a directory that only one side has, for none."""
    missing: str | None = None
    for path in sorted({*reference.entries, *other.entries}, key=_by_directory):
        if missing is not None and path.startswith(f"{missing}/"):
            continue
        one, another = reference.entries.get(path), other.entries.get(path)
        if one is None or another is None:
            missing = path
            yield Difference(kind="tree", subject=path, what=_presence(one, another))
        elif facts := list(_facts(one, another)):
            yield Difference(kind="tree", subject=path, what="; ".join(facts))
    for problem in sorted({*reference.problems} ^ {*other.problems}):
        side = "first" if problem in reference.problems else "second"
        yield Difference(kind="tree", subject="workspace", what=f"only in the {side}: {problem}")


def tree_notes(reference: TreeView, other: TreeView) -> Iterator[str]:
    """Yield what could be compared on neither side."""
    yield from sorted({*reference.problems} & {*other.problems})


def _by_directory(path: str) -> list[str]:
    """Return what sorts a directory right before what is in it: `a-b` is not between."""
    return path.split("/")


def _presence(one: TreeEntry | None, another: TreeEntry | None) -> str:
    return f"{_named(one)} and {_named(another)}"


def _named(entry: TreeEntry | None) -> str:
    if entry is None:
        return "missing"
    return f"a {entry.kind} {entry.mode:04o}" if entry.kind != "symlink" else "a symlink"


def _facts(one: TreeEntry, another: TreeEntry) -> Iterator[str]:
    if one.kind != another.kind:
        yield f"a {one.kind} and a {another.kind}"
        return
    if one.mode != another.mode:
        yield f"mode {one.mode:04o} and {another.mode:04o}"
    if (one.uid, one.gid) != (another.uid, another.gid):
        yield f"owner {one.uid}:{one.gid} and {another.uid}:{another.gid}"
    if one.target != another.target:
        yield f"target '{one.target}' and '{another.target}'"
    if one.size_bytes != another.size_bytes:
        yield f"{one.size_bytes} and {another.size_bytes} bytes"
    elif one.digest != another.digest:
        yield f"content {_short(one.digest)} and {_short(another.digest)}"


def _short(digest: str | None) -> str:
    return "unreadable" if digest is None else f"sha256 {digest[:12]}"
