"""Containers that wait for their step, so that the step does not wait for its container."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait

from swamp_driver.errors import DriverError, LifecycleError
from swamp_driver.spec import CancelToken
from swamp_driver_docker_ws._background import in_background
from swamp_driver_docker_ws._container import AgentContainer

_MAX_DEPTH = 8
_MAX_STARTS = 8


class WarmContainers:
    """A few containers that are started ahead of need; each is given out once.

    Starting is what takes long (create is 5 ms of 160), so they wait started, with their agent
    connected. One more waits than steps may run at once, since a start takes longer than a short
    step: with one alone, 0.2 s steps in a row waited 90 ms each, with two 30-60 ms. There are never
    more than steps are still expected.
    """

    def __init__(
        self, open_one: Callable[[], AgentContainer], *, concurrency: int, expected_steps: int
    ) -> None:
        """Prepare to start containers with `open_one`; nothing is started yet."""
        self._open_one = open_one
        self._depth = min(concurrency + 1, _MAX_DEPTH)
        self._expected = expected_steps
        self._lock = threading.Lock()
        self._waiting: deque[Future[AgentContainer]] = deque()
        self._turns = threading.BoundedSemaphore(_MAX_STARTS)
        self._closed = False

    def add(self, container: AgentContainer) -> None:
        """Take in a container that was started already, and start the others that may be needed."""
        future: Future[AgentContainer] = Future()
        future.set_result(container)
        with self._lock:
            self._waiting.append(future)
            self._fill()

    def take(self, cancel: CancelToken) -> AgentContainer | None:
        """Return a container for one step; None where `cancel` was set before there was one.

        One that was lost or failed while nobody waited for it is passed over: what happened to it
        says nothing about the next. Raises what starting one on the spot raises.
        """
        future = self._next()
        while not _wait(future, cancel):
            self._give_back(future)
            return None
        try:
            container = future.result()
        except DriverError:
            return self._open_one()
        if container.connection.lost is None:
            return container
        container.close()
        return self._open_one()

    def close(self) -> None:
        """Give out no more, and wait for those that are being started. Twice is fine.

        All that are started are the maker's to end.
        """
        with self._lock:
            self._closed = True
            waiting, self._waiting = list(self._waiting), deque()
        # One that is about to be made would be made after a look for what is left.
        wait(waiting)

    def _next(self) -> Future[AgentContainer]:
        with self._lock:
            if self._closed:
                raise LifecycleError("a step cannot run after teardown")
            self._expected -= 1
            future = self._waiting.popleft() if self._waiting else self._start()
            self._fill()
        return future

    def _give_back(self, future: Future[AgentContainer]) -> None:
        with self._lock:
            self._expected += 1
            self._waiting.appendleft(future)

    def _fill(self) -> None:
        while len(self._waiting) < min(self._depth, self._expected):
            self._waiting.append(self._start())

    def _start(self) -> Future[AgentContainer]:
        return in_background(self._open_in_turn, name="swamp-container-start")

    def _open_in_turn(self) -> AgentContainer:
        # An engine that starts hundreds at once is no faster and runs into every time limit.
        with self._turns:
            if self._closed:
                raise LifecycleError("a step cannot run after teardown")
            return self._open_one()


def _wait(future: Future[AgentContainer], cancel: CancelToken) -> bool:
    """Wait until the future is done or `cancel` is set; return whether it is done."""
    happened = threading.Event()
    future.add_done_callback(lambda _: happened.set())
    unsubscribe = cancel.on_change(lambda _: happened.set())
    happened.wait()
    unsubscribe()
    return future.done() and not cancel.cancelled
