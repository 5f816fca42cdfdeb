"""What is in a tree that steps made: every entry as a value that can be compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import attrs

from swamp_driver.rundir._directories import open_to_empty
from swamp_driver.rundir._replace import StreamReplacer, replace_all
from swamp_driver.rundir._walk import TreeWalk, Visit

Kind = Literal["file", "directory", "symlink", "fifo", "socket", "device", "other"]
_LONGEST_PATH = 1 << 16
_BLOCK = 1 << 20
_MOST_BYTES = 1 << 32
_KINDS: Mapping[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@attrs.frozen(kw_only=True)
class TreeEntry:
    """One entry of a tree, as far as two trees can have it in common: no times, no inodes."""

    kind: Kind
    mode: int
    """The permission bits, 0o7777; always 0o777 for a symlink."""
    uid: int
    gid: int
    size_bytes: int | None = None
    """Of a file."""
    digest: str | None = None
    """SHA-256 of a file's content after the replacements; None where it could not be read."""
    target: str | None = None
    """Of a symlink, after the replacements."""


@attrs.frozen(kw_only=True)
class TreeView:
    """All entries below a directory by their relative paths, and what could not be looked at."""

    entries: Mapping[str, TreeEntry] = attrs.field(factory=dict)
    problems: tuple[str, ...] = ()
    """One line each."""


def inspect_tree(
    path: str, *, replace: Mapping[bytes, bytes] | None = None, limit_bytes: int = _MOST_BYTES
) -> TreeView:
    """Return what is below the directory `path`; itself it is not an entry.

    Follows no symlink, opens no FIFO, socket or device, crosses no mount, and copes with paths that
    no system call takes. What its owner may not read is made readable to its owner, where the
    caller is that: meant for a tree that will be removed. Of a file that is larger than
    `limit_bytes` the beginning is read, which is a problem. Never raises.

    Args:
        path: The directory.
        replace: What to replace in contents and targets before they are digested: the path of the
            run by a word, say.
        limit_bytes: How much of one file is read at most.
    """
    walk = TreeWalk(path, shown_limit=_LONGEST_PATH, open_child=_open_child)
    replace = replace or {}
    entries: dict[str, TreeEntry] = {}
    problems: list[str] = []
    for visit in walk:
        name = visit.shown[len(path) :].lstrip("/")
        entries[name] = _entry(visit)
        try:
            entries[name] = _look_into(entries[name], visit, replace, limit_bytes)
        except OSError as error:
            problems.append(f"'{name}' cannot be read: {error.strerror}")
        else:
            if (entries[name].size_bytes or 0) > limit_bytes:
                problems.append(f"'{name}' is large: only {limit_bytes} bytes were read")
    problems += (line.replace(f"'{path}/", "'", 1) for line in walk.errors)
    return TreeView(entries=entries, problems=tuple(problems))


def _open_child(name: str, parent_fd: int) -> int:
    return open_to_empty(name, parent_fd=parent_fd)


def _entry(visit: Visit) -> TreeEntry:
    status = visit.status
    return TreeEntry(
        kind=_KINDS.get(stat.S_IFMT(status.st_mode), "other"),
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        size_bytes=status.st_size if stat.S_ISREG(status.st_mode) else None,
    )


def _look_into(
    entry: TreeEntry, visit: Visit, replace: Mapping[bytes, bytes], limit_bytes: int
) -> TreeEntry:
    if entry.kind == "symlink":
        target = os.fsencode(os.readlink(visit.name, dir_fd=visit.parent_fd))
        return attrs.evolve(entry, target=os.fsdecode(replace_all(target, replace)))
    if entry.kind == "file":
        with _opened_file(visit) as fd:
            return attrs.evolve(entry, digest=_digest(fd, StreamReplacer(replace), limit_bytes))
    return entry


@contextlib.contextmanager
def _opened_file(visit: Visit) -> Iterator[int]:
    """Open a regular file for reading; whatever else has come to its place is refused."""
    # O_NONBLOCK: a FIFO that has come there must not make us wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(visit.name, flags, dir_fd=visit.parent_fd)
    except PermissionError:
        _make_readable(visit)
        fd = os.open(visit.name, flags, dir_fd=visit.parent_fd)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(None, "it is no file any more")
        yield fd
    finally:
        os.close(fd)


def _make_readable(visit: Visit) -> None:
    handle = os.open(
        visit.name, getattr(os, "O_PATH", 0) | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=visit.parent_fd
    )
    try:
        # Through the handle: no other file can get the mode.
        Path(f"/proc/self/fd/{handle}").chmod(stat.S_IMODE(visit.status.st_mode) | stat.S_IRUSR)
    finally:
        os.close(handle)


def _digest(fd: int, replacer: StreamReplacer, limit_bytes: int) -> str:
    digest = hashlib.sha256()
    left = limit_bytes
    while left > 0 and (data := os.read(fd, min(_BLOCK, left))):
        left -= len(data)
        digest.update(replacer.feed(data))
    digest.update(replacer.flush())
    return digest.hexdigest()
