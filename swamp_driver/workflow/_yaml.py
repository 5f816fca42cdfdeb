"""YAML text -> a tree with places; the only module that knows the YAML library.

Reads the library's events, not its values: so budgets hold while the text is read, all duplicate
keys are found, and no tag is ever obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from swamp_driver.workflow._node import Node
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._tree import StopReading, TreeBuilder

MAX_BYTES = 1024 * 1024

"""What the library puts around the name of a token in some of its messages."""


def parse_yaml(text: str, problems: Problems) -> Node | None:
    """Return the tree of the one document in `text`; None where a problem was noted instead.

    Scalars are those of the YAML 1.2 core schema. Duplicate keys, tags, several documents and what
    is over the budgets are problems; a duplicate key alone still gives a tree.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        problems.add(f"the file is larger than {MAX_BYTES // 1024} KiB", Place("", 1, 1))
        return None
    try:
        return TreeBuilder(_events(text, problems), text, problems).document()
    except StopReading:
        return None


def _events(text: str, problems: Problems) -> Iterator[Any]:
    """Yield the events of the library, its errors translated."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - 30 ms, and only loading a file needs it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place("", mark.line + 1, mark.column + 1) if mark else Place("", 1, 1)
        what = str(error.problem or error.context or "cannot be read")
        what = re.sub(r"\('(<[^']*>)',\)", r"\1", what).strip()
        problems.add(f"YAML: {what}", place, hint=_syntax_hint(what))
        raise StopReading from error
    except ReaderError as error:
        before = text[: error.position]
        place = Place("", before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        problems.add(f"YAML: the character U+{code:04X} is not allowed", place)
        raise StopReading from error
    except (YAMLError, ValueError, LookupError, AssertionError, TypeError) as error:
        problems.add("YAML: the text cannot be read", Place("", 1, 1))
        raise StopReading from error


def _syntax_hint(what: str) -> str | None:
    for sign, hint in _HINTS:
        if sign in what:
            return hint
    return None


_HINTS = (
    ("mapping values are not allowed", "put a value that contains ': ' in quotes"),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("could not find expected ':'", "a key needs a ':' after it; a text of several lines, a '|'"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("found unexpected end of stream", "close the quote or bracket"),
    ("'`'", "put the value in quotes"),
    ("'@'", "put the value in quotes"),
    ("'%'", "put the value in quotes"),
    ("expected ',' or", "close the bracket, or put a value with ',' or '[' in quotes"),
    ("undefined alias", "an alias (*name) needs an anchor (&name) before it; else use quotes"),
    ("escape", "in double quotes '\\' begins an escape; use single quotes or '|'"),
)
