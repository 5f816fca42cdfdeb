"""Frames and values: what is written is read, and nothing else gets through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver import agent
from swamp_driver.agent import _protocol as protocol
from swamp_driver.agent._binary import Reader, blob, listed, text, u8, u16, u32, u64
from swamp_driver.agent._frames import Frame, FrameDecoder, encode_request
from swamp_driver.agent._protocol import (
    BODY_MAX,
    PAYLOAD_MAX,
    EndCause,
    FrameType,
    HelloFlag,
    StartFailureCode,
)
from swamp_driver.errors import ProtocolError

frames = st.builds(
    Frame, st.sampled_from(FrameType), st.integers(0, 2**32 - 1), st.binary(max_size=200)
)


def chunked(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut `data` into chunks of these sizes, over and over."""
    chunks: list[bytes] = []
    while data:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(data[:size])
        data = data[size:]
    return chunks


def decode(chunks: list[bytes]) -> list[Frame]:
    """Decode chunks as they would arrive."""
    decoder = FrameDecoder()
    return [frame for chunk in chunks for frame in decoder.feed(chunk)]


@given(st.lists(frames), st.lists(st.integers(1, 50), min_size=1))
def test_frames_come_back_however_they_were_cut(sent: list[Frame], sizes: list[int]) -> None:
    """A stream has no boundaries."""
    data = b"".join(b"".join(encode_request(f.type, f.request, f.payload)) for f in sent)

    assert decode(chunked(data, sizes)) == sent


@given(st.binary(max_size=400), st.lists(st.integers(1, 50), min_size=1))
def test_garbage_gives_frames_or_an_error(data: bytes, sizes: list[int]) -> None:
    """And nothing else: no other exception, no endless loop."""
    decoder = FrameDecoder()
    try:
        for chunk in chunked(data, sizes):
            list(decoder.feed(chunk))
    except ProtocolError:
        return
    assert decoder.between_frames == (not decoder._header)


def test_what_is_no_agent_is_quoted() -> None:
    """The text of a shell or an ssh banner says more than any code."""
    with pytest.raises(ProtocolError, match="bash: swamp-agent: command not found"):
        decode([b"bash: swamp-agent: command not found\n"])


def test_a_long_body_goes_in_parts() -> None:
    """In order, no frame larger than the limit."""
    body = bytes(range(256)) * 4096 * 3 + b"end"

    sent = decode(encode_request(FrameType.RUN, 7, body))

    assert [frame.type for frame in sent] == [FrameType.PART] * 3 + [FrameType.RUN]
    assert {frame.request for frame in sent} == {7}
    assert max(len(frame.payload) for frame in sent) == PAYLOAD_MAX
    assert b"".join(frame.payload for frame in sent) == body


def test_a_body_above_the_limit_is_refused() -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="too large"):
        encode_request(FrameType.RUN, 1, bytes(BODY_MAX + 1))


@given(
    st.integers(0, 2**8 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.text().filter(lambda value: "\0" not in value),
    st.binary(),
)
def test_values_come_back(a: int, b: int, c: int, d: int, words: str, data: bytes) -> None:
    """Each in its own width."""
    encoded = words.encode("utf-8", "surrogatepass")
    reader = Reader(u8(a) + u16(b) + u32(c) + u64(d) + text(encoded) + data)

    assert (reader.u8(), reader.u16(), reader.u32(), reader.u64()) == (a, b, c, d)
    assert reader.text() == encoded.decode("utf-8", "replace")
    assert reader.rest() == data
    reader.end()


@given(st.binary(max_size=60))
def test_a_reader_of_garbage_gives_values_or_an_error(data: bytes) -> None:
    """A payload comes from the far side."""
    reader = Reader(data)
    try:
        while True:
            reader.text()
            reader.u8()
    except ProtocolError:
        pass


def test_what_is_too_short_or_too_long_is_an_error() -> None:
    """The far side is of another mind then."""
    with pytest.raises(ProtocolError, match="too short"):
        Reader(b"abc").u32()
    with pytest.raises(ProtocolError, match="too long"):
        Reader(b"abc").end()
    with pytest.raises(ProtocolError, match="without its end"):
        Reader(u32(1) + b"ab").text()


def test_a_text_holds_no_nul() -> None:
    """It would end there for the agent."""
    with pytest.raises(ValueError, match="NUL"):
        text(b"a\0b")


def test_lists_and_blobs_carry_their_size() -> None:
    """That is all there is to them."""
    assert listed([blob(b"ab"), blob(b"")]) == u32(2) + u32(2) + b"ab" + u32(0)


def test_both_copies_of_the_protocol_agree() -> None:
    """`protocol.h` and `_protocol.py` are written by hand."""
    header = (Path(agent.__file__).parent / "src" / "protocol.h").read_text(encoding="utf-8")
    numbers = {
        name: int(value) for name, value in re.findall(r"^\s+([A-Z_]+) = (\d+),", header, re.M)
    }
    expected = {f"FRAME_{member.name}": member.value for member in FrameType}
    expected |= {f"HELLO_{member.name}": member.value for member in HelloFlag}
    expected |= {f"START_{member.name}": member.value for member in StartFailureCode}
    expected |= {f"CAUSE_{member.name}": member.value for member in EndCause}
    assert numbers == expected
    constants = dict(re.findall(r"^#define ([A-Z_]+) (\S.*)$", header, re.M))
    assert constants["MAGIC"].strip('"').encode() == protocol.MAGIC
    assert int(constants["PROTOCOL_VERSION"]) == protocol.PROTOCOL_VERSION
    assert int(constants["HEADER_SIZE"]) == protocol.HEADER_SIZE
    assert constants["PAYLOAD_MAX"] == "(1u << 20)"
    assert protocol.PAYLOAD_MAX == 1 << 20
    assert constants["BODY_MAX"] == "(64u << 20)"
    assert protocol.BODY_MAX == 64 << 20
