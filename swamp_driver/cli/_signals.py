"""Ctrl-C and friends, as a cancel token."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from swamp_driver.spec import CancelStage, CancelToken

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STEPS = (
    (CancelStage.GRACEFUL, "stopping: steps get time to end (again: stop them now)"),
    (CancelStage.NOW, "stopping now"),
)
_STILL = "still cleaning up"


@contextlib.contextmanager
def cancel_on_signals(token: CancelToken, *, say: Callable[[str], None]) -> Iterator[None]:
    """Set `token` at SIGINT, SIGTERM and SIGHUP while the block runs: gracefully, then now.

    Must be entered in the main thread. The handler itself only puts a number into a queue: it may
    interrupt code that holds any lock, so the token (and `say`) are called in a thread of their
    own. Signals that were ignored (`nohup`) stay so. On exit the old handlers are back.
    """
    arrived: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def on_signal(number: int, _: FrameType | None) -> None:
        arrived.put(number)

    old = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number in _SIGNALS if old[number] is not signal.SIG_IGN]
    worker = threading.Thread(
        target=_cancel_in_steps, args=(arrived, token, say), name="signals", daemon=True
    )
    worker.start()
    for number in taken:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, old[number])
        arrived.put(None)
        worker.join()


def _cancel_in_steps(
    arrived: queue.SimpleQueue[int | None], token: CancelToken, say: Callable[[str], None]
) -> None:
    for stage, words in _STEPS:
        if arrived.get() is None:
            return
        say(words)
        token.cancel(stage)
    while arrived.get() is not None:
        say(_STILL)
