"""Work beside the caller: one daemon thread per task, its outcome in a future.

Not an executor: the interpreter waits for an executor's threads when it ends, and one that hangs in
a call to a dead engine would hold up a program that has long given up on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_background(work: Callable[[], T], *, name: str) -> Future[T]:
    """Call `work` on a thread of its own; return a future of what it returns or raises."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the future is asked
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
