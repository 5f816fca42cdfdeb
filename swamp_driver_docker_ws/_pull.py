"""Following a pull: progress, cancelling, an engine that dies in the middle, another try."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from swamp_driver.errors import UnavailableError
from swamp_driver.spec import CancelToken, Progress
from swamp_driver_docker_ws._refusals import explain_pull

_ATTEMPTS = 3
_BACK_OFF_S = 1.0
_LOOK_S = 10.0

Begin = Callable[[], Iterator[Mapping[str, Any]]]


def follow_pull(
    image: str,
    begin: Begin,
    *,
    report: Callable[[Progress], None],
    cancel: CancelToken,
    is_alive: Callable[[], bool],
) -> None:
    """Pull an image; `begin` starts an attempt and yields the engine's reports.

    Waits on its own thread, so that a cancelled run or a dead engine ends it within seconds,
    whatever the connection does.

    Raises:
        UnavailableError: The image cannot be had, the engine died, or `cancel` was set.
    """
    try:
        for attempt in range(_ATTEMPTS):
            try:
                _attempt(image, begin, report=report, cancel=cancel, is_alive=is_alive)
            except UnavailableError as error:
                if not error.retryable or attempt == _ATTEMPTS - 1 or cancel.cancelled:
                    raise
                report(Progress(phase="pull", resource=image, text=f"again, after: {error.reason}"))
                cancel.wait(_BACK_OFF_S * 2**attempt)
            else:
                return
    finally:
        report(Progress(phase="pull", resource=image, finished=True))


def _attempt(
    image: str,
    begin: Begin,
    *,
    report: Callable[[Progress], None],
    cancel: CancelToken,
    is_alive: Callable[[], bool],
) -> None:
    inbox: queue.SimpleQueue[Mapping[str, Any] | Exception | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(begin, inbox), name="swamp-pull", daemon=True).start()
    unsubscribe = cancel.on_change(lambda _: inbox.put(_cancelled(image)))
    layers = _Layers()
    try:
        while (item := _next(inbox, is_alive)) is not None:
            if isinstance(item, Exception):
                raise item
            if "error" in item:
                raise explain_pull(str(item["error"]), image=image)
            layers.take(item)
            report(layers.progress(image, str(item.get("status", ""))))
    finally:
        unsubscribe()


def _read(begin: Begin, inbox: queue.SimpleQueue[Mapping[str, Any] | Exception | None]) -> None:
    try:
        for item in begin():
            inbox.put(item)
        inbox.put(None)
    except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
        inbox.put(error)


def _next(
    inbox: queue.SimpleQueue[Mapping[str, Any] | Exception | None], is_alive: Callable[[], bool]
) -> Mapping[str, Any] | Exception | None:
    while True:
        try:
            return inbox.get(timeout=_LOOK_S)
        except queue.Empty:
            if not is_alive():
                raise UnavailableError("the engine ended during a pull", retryable=True) from None


def _cancelled(image: str) -> UnavailableError:
    return UnavailableError(f"the pull of image '{image}' was cancelled")


@attrs.define
class _Layers:
    """The bytes of all layers of a pull together."""

    _done: dict[str, int] = attrs.field(factory=dict)
    _total: dict[str, int] = attrs.field(factory=dict)

    def take(self, item: Mapping[str, Any]) -> None:
        detail = item.get("progressDetail") or {}
        if item.get("status") == "Downloading" and "total" in detail:
            self._done[item["id"]] = int(detail.get("current", 0))
            self._total[item["id"]] = int(detail["total"])
        elif item.get("status") in ("Download complete", "Pull complete"):
            self._done[item["id"]] = self._total.get(item["id"], 0)

    def progress(self, image: str, text: str) -> Progress:
        return Progress(
            phase="pull",
            resource=image,
            text=text,
            done=sum(self._done.values()) or None,
            total=sum(self._total.values()) or None,
        )
