"""Every block of README and docs does what it says.

One test per document: its blocks share a directory and a namespace and run in their order, so they
must neither be shuffled nor spread over workers.
"""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

import pytest

from tests.docs.blocks import output_matches, parse_document, split_console
from tests.engine_probe import engine_answers, engine_is_required

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for path in sorted(ROOT.glob("docs/**/*.md")) if "_build" not in path.parts),
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_every_block_of_the_document_does_what_it_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader tries what stands there first: it must work as printed."""
    monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("SWAMP_DRIVER_STATE", str(tmp_path / "state"))
    here = tmp_path / "here"
    here.mkdir()
    (here / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(here)
    document = parse_document(path)
    document.namespace["no_engine"] = not (engine_is_required() or engine_answers())
    skipped = []
    for example in document.examples():
        try:
            example.evaluate()
        except SkipTest as reason:
            skipped.append(f"line {example.line}: {reason}")
    if any("no_engine" in reason for reason in skipped):
        pytest.skip("; ".join(skipped))


def test_console_blocks_are_read_as_the_reader_reads_them() -> None:
    """The checker must not pass a document because it saw no command in it."""
    one, two = split_console("$ echo a\na\n$ false  # exit code 1\n")

    assert (one.text, one.output, one.exit_code) == ("echo a", "a", 0)
    assert (two.text, two.output, two.exit_code) == ("false", "", 1)


@pytest.mark.parametrize(
    ("expected", "actual", "matches"),
    [
        ("a", "a\n", True),
        ("a", "b\n", False),
        ("a", "a\nb\n", False),
        ("run ... done", "run h3x done\n", True),
        ("run ... done", "run\ndone\n", False),
        ("...\nlast", "1\n2\nlast\n", True),
        ("first\n...", "first\n", True),
        ("...\nlast", "last\nmore\n", False),
        ("run abcdefghijk1 in 3ms", "run zzzzzzzzzzzz in 1.2s\n", True),
        ("A  TOOK\nb  3ms", "A     TOOK\nb    1.5s\n", True),
        ("b\na", "a\nb\n", True),
        ("b\na", "a\nc\n", False),
    ],
)
def test_only_what_differs_from_run_to_run_may_differ(
    expected: str, actual: str, *, matches: bool
) -> None:
    """Matching too much would hide a wrong document, too little would fail a right one."""
    assert output_matches(expected, actual) is matches
