"""Where a step's output goes."""

from __future__ import annotations

from swamp_driver.spec import CancelToken, StepIO, Stream


class BrokenSink:
    """A sink that takes one piece and then fails, as a closed pipe or a full disk does."""

    def __init__(self) -> None:
        self.offered: list[bytes] = []

    def __call__(self, _stream: Stream, data: bytes) -> None:
        """Take a piece, or fail."""
        self.offered.append(data)
        if len(self.offered) > 1:
            raise BrokenPipeError("nobody reads")


def test_output_reaches_the_sink_unchanged() -> None:
    """Bytes are the step's own: no decoding, no cutting at lines."""
    pieces: list[tuple[Stream, bytes]] = []
    io = StepIO(lambda stream, data: pieces.append((stream, data)))
    io.write("stdout", b"a\r\n\x00\xff")
    io.write("stderr", b"b")
    assert pieces == [("stdout", b"a\r\n\x00\xff"), ("stderr", b"b")]


def test_nothing_is_not_written() -> None:
    """Drivers write what they read, and the end of a stream reads as empty."""
    pieces: list[bytes] = []
    StepIO(lambda _stream, data: pieces.append(data)).write("stdout", b"")
    assert pieces == []


def test_a_broken_sink_never_fails_the_step() -> None:
    """A log that cannot be written is no fault of the step; its error is kept for the host."""
    sink = BrokenSink()
    io = StepIO(sink)
    for data in (b"1", b"2", b"3"):
        io.write("stdout", data)
    assert sink.offered == [b"1", b"2"]
    assert isinstance(io.sink_error, BrokenPipeError)


def test_a_step_without_a_token_is_never_cancelled() -> None:
    """Tests and simple hosts need none."""
    assert not StepIO(lambda _stream, _data: None).cancel.cancelled


def test_the_token_is_that_of_the_host() -> None:
    """A token that is falsy or new must not be taken for none."""
    token = CancelToken()
    assert StepIO(lambda _stream, _data: None, cancel=token).cancel is token
