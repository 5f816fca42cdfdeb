"""Calling a hook with a deadline: a driver that hangs must not take the suite with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from swamp_driver_conformance.expect import Deviation


class Call:
    """A call in a thread of its own."""

    def __init__(self, name: str, function: Callable[[], Any]) -> None:
        self.name = name
        self._function = function
        self._result: Any = None
        self._error: BaseException | None = None
        # A daemon: it may never return, and the suite has to end all the same.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - raised again by `wait`
            self._error = error

    @property
    def is_done(self) -> bool:
        """Return whether it has returned or raised."""
        return not self._thread.is_alive()

    def wait(self, deadline_s: float) -> Any:
        """Return what it returned, raise what it raised; a `Deviation` where it hangs."""
        self._thread.join(deadline_s)
        if self._thread.is_alive():
            raise Deviation(
                f"{self.name} hangs",
                seen=f"it has not returned after {deadline_s:g} s",
                expected="it returns",
            )
        if self._error is not None:
            raise self._error
        return self._result
