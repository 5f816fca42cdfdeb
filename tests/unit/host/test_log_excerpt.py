"""What is shown of a log that is too long to be shown."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.host._step_log import StepLog, read_log_excerpt
from swamp_driver.spec import Stream


def write(directory: Path, pieces: list[tuple[Stream, bytes]]) -> None:
    """Write the log of step `s1`."""
    log = StepLog(directory, "s1", limit_bytes=1 << 20)
    for seq, (stream, data) in enumerate(pieces):
        log.append(seq=seq, time_s=0.0, stream=stream, data=data)
    log.close()


def test_a_step_that_printed_nothing_has_an_empty_excerpt(tmp_path: Path) -> None:
    """A skipped step has no log at all."""
    excerpt = read_log_excerpt(tmp_path, "s1", limit_bytes=100)
    assert (excerpt.pieces, excerpt.size_bytes, excerpt.left_out_bytes) == ((), 0, 0)


@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(min_size=1, max_size=40)),
        max_size=20,
    ),
    limit=st.integers(4, 200),
)
def test_an_excerpt_is_the_beginning_and_the_end(
    tmp_path_factory: object, pieces: list[tuple[Stream, bytes]], limit: int
) -> None:
    """All where there is room; else a quarter from the beginning, the rest from the end."""
    directory = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    write(directory, pieces)
    whole = b"".join(data for _, data in pieces)
    excerpt = read_log_excerpt(directory, "s1", limit_bytes=limit)
    shown = b"".join(piece.data for piece in excerpt.pieces)
    if len(whole) <= limit:
        assert (shown, excerpt.left_out_bytes) == (whole, 0)
        return
    first = limit // 4
    assert shown == whole[:first] + whole[len(whole) - limit + first :]
    assert excerpt.left_out_bytes == len(whole) - limit
    assert b"".join(piece.data for piece in excerpt.pieces[: excerpt.cut_at]) == whole[:first]
