"""Writing to somebody who may be gone."""

from __future__ import annotations

import io
import os

import pytest

from swamp_driver.cli._streams import Writer, prepare_streams, stdout


def test_a_broken_pipe_is_remembered_and_silent() -> None:
    """After the reader went away, nothing is raised: not now, not when the stream is closed."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as stream:
        writer = Writer(stream)
        writer.line("read")
        os.close(read_end)
        writer.line("lost")
        writer.line("lost too")
    assert writer.broken


def test_a_closed_stream_is_silent() -> None:
    """A view may outlive the stream of an embedding program."""
    stream = io.StringIO()
    stream.close()
    writer = Writer(stream)
    writer.line("lost")
    assert writer.broken


def test_what_cannot_be_encoded_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream in the C locale must not end a run because a step printed an umlaut."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    prepare_streams()
    Writer(stream).line("ü")
    assert raw.getvalue() == b"\\xfc\n"


def test_a_closed_stdout_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """`>&-` leaves a process without a stdout; Python then has None there."""
    monkeypatch.setattr("sys.stdout", None)
    prepare_streams()
    writer = stdout()
    writer.line("nobody reads this")
    writer.stream.close()
    assert not writer.broken
