"""Many requests at once over one stream."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from typing import TYPE_CHECKING

from swamp_driver.agent._binary import Reader
from swamp_driver.agent._frames import Frame, FrameDecoder, encode_request
from swamp_driver.agent._hello import AgentHello, decode_hello
from swamp_driver.agent._protocol import FrameType
from swamp_driver.errors import LostError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from swamp_driver.agent._stream import ByteStream

_READ_SIZE = 256 * 1024
_PING = encode_request(FrameType.PING, 0)[0]
_SHUTDOWN = encode_request(FrameType.SHUTDOWN, 0)[0]


class Call:
    """One request and the frames that answer it; used by one thread, but for `send`."""

    def __init__(self, link: Link, request: int) -> None:
        self._link = link
        self._request = request
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()

    def send(self, kind: FrameType, body: bytes = b"") -> None:
        """Send a frame of this request; from any thread. Raises LostError."""
        self._link.send(kind, self._request, body)

    def deliver(self, frame: Frame | None) -> None:
        """Take a frame from the link, None for the end of the connection; never blocks."""
        self._frames.put(frame)

    def next_frame(self) -> Frame:
        """Wait for the next frame; raise LostError where none will come."""
        frame = self._frames.get()
        if frame is None:
            raise self._link.lost_error()
        return frame


class Link:
    """Sends requests from any thread, and hands each answer to the call that it belongs to.

    Lives from its construction until `close`, or until the stream ends: then `lost` says why,
    and each call that waits gets a LostError. One thread reads; it never waits for a call, so no
    call can hold up another.
    """

    def __init__(self, stream: ByteStream, *, peer: str) -> None:
        self._stream = stream
        self._peer = peer
        self._calls: dict[int, Call] = {}
        self._calls_lock = threading.Lock()
        self._send_lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._hello: AgentHello | None = None
        self._hello_or_end = threading.Event()
        self._lost_callbacks: list[Callable[[str], None]] = []
        self._failure: Exception | None = None
        self._last_words: str | None = None
        self.lost: str | None = None
        self.heard_at = time.monotonic()
        self._reader = threading.Thread(target=self._read, name=f"agent {peer}", daemon=True)
        self._reader.start()

    def wait_for_hello(self, timeout_s: float) -> AgentHello:
        """Return the agent's hello; raise LostError or ProtocolError where none comes."""
        self._hello_or_end.wait(timeout_s)
        if self._hello is not None:
            return self._hello
        if isinstance(self._failure, ProtocolError):
            raise self._failure
        if self.lost is None:
            raise LostError(f"{self._peer}: no agent answered within {timeout_s:g} s")
        raise self.lost_error()

    def lost_error(self) -> LostError:
        """Return what to raise where the connection has gone."""
        error = LostError(f"{self._peer}: {self.lost}", last_words=self._last_words)
        error.__cause__ = self._failure
        return error

    @contextlib.contextmanager
    def call(self) -> Iterator[Call]:
        """Open a call; frames of it that come after the block are dropped. Raises LostError."""
        request = next(self._numbers) & 0xFFFFFFFF
        call = Call(self, request)
        with self._calls_lock:
            if self.lost is not None:
                raise self.lost_error()
            self._calls[request] = call
        try:
            yield call
        finally:
            with self._calls_lock:
                del self._calls[request]

    def send(self, kind: FrameType, request: int = 0, body: bytes = b"") -> None:
        """Send one request whole; from any thread. Raises LostError."""
        pieces = encode_request(kind, request, body)
        try:
            with self._send_lock:
                for piece in pieces:
                    self._stream.write(piece)
        except (OSError, ValueError) as error:
            self.lose(f"the stream broke: {error}", error)
            raise self.lost_error() from error

    def ping(self) -> None:
        """Show the agent that this side lives; whoever is sending right now does so already."""
        if self._send_lock.acquire(blocking=False):
            try:
                self._stream.write(_PING)
            except (OSError, ValueError) as error:
                self.lose(f"the stream broke: {error}", error)
            finally:
                self._send_lock.release()

    def abandon(self, reason: str) -> None:
        """End all calls and close the stream, without a word to the agent."""
        self.lose(reason)
        self._stream.close()

    def on_lost(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with the reason when the connection goes; at once where it has gone."""
        with self._calls_lock:
            if self.lost is None:
                self._lost_callbacks.append(callback)
                return
            reason = self.lost
        callback(reason)

    def lose(self, reason: str, failure: Exception | None = None) -> None:
        """End all calls. The first reason stays."""
        with self._calls_lock:
            if self.lost is not None:
                return
            self.lost, self._failure = reason, failure
            calls = list(self._calls.values())
            callbacks = self._lost_callbacks
        for call in calls:
            call.deliver(None)
        self._hello_or_end.set()
        for callback in callbacks:
            callback(reason)

    def close(self, timeout_s: float) -> None:
        """Ask the agent to end everything, wait for that, close the stream. Twice is fine."""
        # One that is sending to an agent which does not read must not hold this up.
        if self.lost is None and self._send_lock.acquire(timeout=timeout_s):
            try:
                self._stream.write(_SHUTDOWN)
            except (OSError, ValueError) as error:
                self.lose(f"the stream broke: {error}", error)
            finally:
                self._send_lock.release()
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout_s)
        self.abandon("the connection was closed")

    def _read(self) -> None:
        decoder = FrameDecoder()
        try:
            while chunk := self._stream.read(_READ_SIZE):
                self.heard_at = time.monotonic()
                for frame in decoder.feed(chunk):
                    self._take(frame)
            whole = decoder.between_frames
            self.lose(self._last_words or f"the stream ended{'' if whole else ' within a frame'}")
        except ProtocolError as error:
            self.lose(str(error), error)
        except (OSError, ValueError) as error:
            self.lose(f"the stream broke: {error}", error)

    def _take(self, frame: Frame) -> None:
        if self._hello is None:
            self._hello = decode_hello(frame)
            self._hello_or_end.set()
        elif frame.request == 0:
            if frame.type is FrameType.FATAL:
                self._last_words = Reader(frame.payload).text()
        else:
            with self._calls_lock:
                call = self._calls.get(frame.request)
            if call is not None:
                call.deliver(frame)
