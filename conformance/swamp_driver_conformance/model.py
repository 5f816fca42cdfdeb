"""A model of a workspace: operations on files, what they come to, and the script that does them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import attrs

Kind = Literal["write", "append", "remove", "mkdir", "symlink", "mark", "unmark", "rename"]

NAMES = ("a", "b", "with space", "-dash", ".hidden", "*", "größe", "d/inner", "d/e/deep")
"""Names of files and directories that operations are about."""


@attrs.frozen
class Op:
    """One operation on the workspace; one that makes no sense there does nothing."""

    kind: Kind
    name: str
    other: str = ""
    """The content of `write` and `append`, the target of `symlink`, the new name of `rename`."""


@attrs.frozen
class File:
    """A file with its content, and whether it may be executed."""

    content: str
    executable: bool = False


@attrs.frozen
class Link:
    """A symlink."""

    target: str


@attrs.frozen
class Directory:
    """A directory."""


Entry = File | Link | Directory
Tree = Mapping[str, Entry]
"""What is in the workspace: path -> entry; parents are entries of their own."""


def apply(tree: Tree, op: Op) -> Tree:
    """Return the tree after an operation."""
    return _APPLY[op.kind](tree, op)


def _parent_is_there(tree: Tree, name: str) -> bool:
    parent = name.rpartition("/")[0]
    return not parent or isinstance(tree.get(parent), Directory)


def _write(tree: Tree, op: Op) -> Tree:
    before = tree.get(op.name)
    if not _parent_is_there(tree, op.name) or isinstance(before, Link | Directory):
        return tree
    executable = isinstance(before, File) and before.executable
    return {**tree, op.name: File(op.other, executable)}


def _append(tree: Tree, op: Op) -> Tree:
    before = tree.get(op.name)
    if not isinstance(before, File):
        return tree
    return {**tree, op.name: attrs.evolve(before, content=before.content + op.other)}


def _remove(tree: Tree, op: Op) -> Tree:
    return {
        name: entry
        for name, entry in tree.items()
        if name != op.name and not name.startswith(f"{op.name}/")
    }


def _mkdir(tree: Tree, op: Op) -> Tree:
    if op.name in tree or not _parent_is_there(tree, op.name):
        return tree
    return {**tree, op.name: Directory()}


def _symlink(tree: Tree, op: Op) -> Tree:
    if op.name in tree or not _parent_is_there(tree, op.name):
        return tree
    return {**tree, op.name: Link(op.other)}


def _set_mode(tree: Tree, op: Op) -> Tree:
    before = tree.get(op.name)
    if not isinstance(before, File):
        return tree
    return {**tree, op.name: attrs.evolve(before, executable=op.kind == "mark")}


def _rename(tree: Tree, op: Op) -> Tree:
    before = tree.get(op.name)
    if (
        before is None
        or isinstance(before, Directory)
        or op.other in tree
        or not _parent_is_there(tree, op.other)
    ):
        return tree
    moved = {name: entry for name, entry in tree.items() if name != op.name}
    return {**moved, op.other: before}


_APPLY: Mapping[Kind, Callable[[Tree, Op], Tree]] = {
    "write": _write,
    "append": _append,
    "remove": _remove,
    "mkdir": _mkdir,
    "symlink": _symlink,
    "mark": _set_mode,
    "unmark": _set_mode,
    "rename": _rename,
}

_FUNCTIONS = r"""
parent() { case $1 in */*) [ -d "${1%/*}" ] && [ ! -L "${1%/*}" ];; *) :;; esac; }
plain() { [ -f "$1" ] && [ ! -L "$1" ]; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
write() { parent "$1" && [ ! -L "$1" ] && [ ! -d "$1" ] && printf %s "$2" > "$1"; :; }
append() { plain "$1" && printf %s "$2" >> "$1"; :; }
remove() { rm -rf -- "$1"; }
mkdirs() { there "$1" || { parent "$1" && mkdir -- "$1"; }; :; }
symlink() { there "$1" || { parent "$1" && ln -s -- "$2" "$1"; }; :; }
mark() { plain "$1" && chmod 755 -- "$1"; :; }
unmark() { plain "$1" && chmod 644 -- "$1"; :; }
rename() {
  if there "$1" && { [ -L "$1" ] || [ ! -d "$1" ]; } && ! there "$2" && parent "$2"
  then mv -- "$1" "$2"; fi; :
}
show() {
  if [ -L "$1" ]; then t=$(ls -ld -- "$1"); printf 'link %s' "${t##* -> }"
  elif [ -d "$1" ]; then printf directory
  elif [ -x "$1" ]; then printf 'program '; cat < "$1"
  elif [ -f "$1" ]; then printf 'file '; cat < "$1"
  else printf absent; fi
  printf '\0'
}
"""


def script_of(ops: Sequence[Op]) -> str:
    """Return the shell script that does the operations and shows what is then under every name."""
    words = {"mkdir": "mkdirs"}
    lines = [
        shlex.join([words.get(op.kind, op.kind), f"./{op.name}", *_argument(op)]) for op in ops
    ]
    return "\n".join([_FUNCTIONS, *lines, *(shlex.join(["show", f"./{name}"]) for name in ALL)])


def _argument(op: Op) -> list[str]:
    if op.kind == "rename":
        return [f"./{op.other}"]
    return [op.other] if op.kind in {"write", "append", "symlink"} else []


ALL = ("d", "d/e", *NAMES)
"""Every name that can come to exist."""


def shown(tree: Tree) -> list[str]:
    """Return what the script shows of a tree."""
    return [_show(tree.get(name)) for name in ALL]


def _show(entry: Entry | None) -> str:
    match entry:
        case None:
            return "absent"
        case Link(target=target):
            return f"link {target}"
        case Directory():
            return "directory"
        case File(content=content, executable=executable):
            return f"{'program' if executable else 'file'} {content}"
