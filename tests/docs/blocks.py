"""What a code block of the documentation means, and how it is held to its word.

* `python` is executed; all blocks of a document share one namespace.
* `yaml` with `jobs:` must pass the loader of workflows; other YAML must parse.
* `console` is run by bash, command by command: `$ ` begins a command, `> ` continues it, what
  follows is its output. A line `...` stands for any lines, `...` in a line for any text; ids of
  runs, times, sizes and dates need not agree, nor the order of lines (parallel steps have none). A
  command must succeed, unless it ends in `# exit code N`. Without output it is only run.
* `diff` is a change of files that a person makes in an editor: what stands under `+++ path` and
  begins with `-` or a blank becomes what begins with `+` or a blank; a line `@@` parts two places.
* A block of any other language (or of these) whose first line is a comment with a file name
  (`# hello.yaml`) is that file: it is written to the document's directory, where all blocks run.
* `<!-- skip: next if(no_engine) -->` before a block: it needs a Docker engine.

`pip install` in a document installs offline into a directory of that document.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from sybil import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import SkipParser
from sybil.parsers.myst import CodeBlockParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Example
    from sybil.typing import Evaluator, Parser

_FILE_NAME = re.compile(r"#!? ?(?P<name>[\w.-]+\.(?:ya?ml|py|toml|json|sh|txt|md))\s*\n")
_EXIT_CODE = re.compile(r"\s+# exit code (\d+)$")
_COMMAND_LIMIT_S = 600.0  # a verdict of the conformance suite takes a while


def parse_document(path: Path) -> Document:
    """Read a document and find its blocks."""
    parsers: list[Parser] = [
        SkipParser(),
        *(CodeBlockParser(language, evaluate) for language, evaluate in _EVALUATORS.items()),
    ]
    return Document.parse(str(path), *parsers)


def _write_file(example: Example) -> None:
    """Write the block to the file that it names, if it names one."""
    if match := _FILE_NAME.match(example.parsed):
        Path(match["name"]).write_text(example.parsed, encoding="utf-8")


def _evaluate_python(example: Example) -> None:
    if _FILE_NAME.match(example.parsed):
        _write_file(example)
    else:
        PythonEvaluator()(example)


def _evaluate_yaml(example: Example) -> None:
    from ruamel.yaml import YAML

    from swamp_driver.workflow import parse_workflow

    _write_file(example)
    tree = YAML(typ="safe", pure=True).load(example.parsed)
    if isinstance(tree, dict) and "jobs" in tree:
        parse_workflow(example.parsed, source=f"{example.path}:{example.line}")


def _evaluate_console(example: Example) -> str | None:
    for command in split_console(example.parsed):
        done = subprocess.run(
            ["bash", "-c", command.text],
            env=console_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_LIMIT_S,
            check=False,
        )
        if done.returncode != command.exit_code:
            return f"$ {command.text}\nended with {done.returncode}:\n{done.stdout}"
        if command.output and not output_matches(command.output, done.stdout):
            return f"$ {command.text}\nexpected:\n{command.output}\ngot:\n{done.stdout}"
    return None


def _apply_diff(example: Example) -> None:
    for change in re.split(r"^--- .*\n\+\+\+ ", example.parsed, flags=re.MULTILINE)[1:]:
        name, _, body = change.partition("\n")
        file = Path(name.strip())
        text = file.read_text(encoding="utf-8")
        for place in re.split(r"^@@.*\n", body, flags=re.MULTILINE):
            before, after = _side(place, "-"), _side(place, "+")
            if place:
                assert text.count(before) == 1, f"{name} has {text.count(before)} times:\n{before}"
                text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")


def _side(place: str, sign: str) -> str:
    """Return the lines of a change as they are before (`-`) or after (`+`) it."""
    lines = [line or " " for line in place.splitlines()]
    return "".join(f"{line[1:]}\n" for line in lines if line[0] in (sign, " "))


_EVALUATORS: dict[str, Evaluator] = {
    "python": _evaluate_python,
    "yaml": _evaluate_yaml,
    "console": _evaluate_console,
    "diff": _apply_diff,
    **dict.fromkeys(("toml", "json", "sh", "text"), _write_file),
}


@attrs.frozen(kw_only=True)
class ConsoleCommand:
    """One command of a console block, and what the document says of it."""

    text: str
    output: str
    exit_code: int = 0


def split_console(text: str) -> Iterator[ConsoleCommand]:
    """Yield the commands of a console block in order."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.rstrip("\n").split("\n")
        command = [lines.pop(0)]
        while lines and lines[0].startswith("> "):
            command.append(lines.pop(0)[2:])
        joined = "\n".join(command)
        code = _EXIT_CODE.search(joined)
        yield ConsoleCommand(
            text=_EXIT_CODE.sub("", joined),
            output="\n".join(lines).strip("\n"),
            exit_code=int(code[1]) if code else 0,
        )


def output_matches(expected: str, actual: str) -> bool:
    """Return whether `actual` is what `expected` says, but for what differs from run to run."""
    expected, actual = normalise(expected), normalise(actual)
    if sorted(expected.split("\n")) == sorted(actual.split("\n")):
        return True
    pattern = ""
    for line in expected.split("\n"):
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(map(re.escape, line.split("..."))) + r"\n"
    return re.fullmatch(pattern, actual + "\n") is not None


def normalise(text: str) -> str:
    """Return the text with what differs from run to run named instead of given."""
    root = os.environ.get("SWAMP_DRIVER_ROOT")
    text = text.replace(root, READERS_ROOT) if root else text
    for pattern, name in _DIFFERENT:
        text = pattern.sub(name, text)
    return "\n".join(" ".join(line.split()) for line in text.strip().split("\n"))


READERS_ROOT = "/home/you/.cache/swamp-driver"
"""What documents show in place of the root that the tests use."""

_DIFFERENT = (
    (re.compile(r"\b[a-z][a-z0-9]{11}\b"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "<date>"),
    (re.compile(r"(?<![\w.])(?:\d+(?:\.\d+)?(?:ms|s|m|h))+\b"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:B|KiB|MiB|GiB)\b"), "<size>"),
)


def console_environment() -> dict[str, str]:
    """Return the environment of a document's commands: this interpreter's programs come first."""
    programs = str(Path(sys.executable).parent)
    installed = str(Path.cwd().parent / "installed")
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "COLUMNS": "100",
        "PYTHONPATH": installed,
        "PIP_TARGET": installed,
        "PIP_UPGRADE": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "false",  # so it is spelled: no isolation
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
