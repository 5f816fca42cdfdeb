"""Ctrl-C once: stop; twice: now; and the old handlers come back."""

from __future__ import annotations

import os
import queue
import signal
import threading

import pytest

from swamp_driver.cli._signals import cancel_on_signals
from swamp_driver.spec import CancelStage, CancelToken


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_the_second_kills(number: signal.Signals) -> None:
    """A person who presses again means it; a third press must not stop the clean-up."""
    token = CancelToken()
    said: queue.Queue[str] = queue.Queue()
    with cancel_on_signals(token, say=said.put):
        stages = []
        for _ in range(3):
            os.kill(os.getpid(), number)
            words = said.get(timeout=20)
            stages.append(words.split(":")[0])
    assert stages == ["stopping", "stopping now", "still cleaning up"]
    assert token.stage is CancelStage.NOW


def test_the_token_is_set_outside_of_the_handler() -> None:
    """The handler may interrupt code that holds the lock which a subscriber needs."""
    token = CancelToken()
    threads: queue.Queue[str] = queue.Queue()
    token.on_change(lambda _: threads.put(threading.current_thread().name))
    with cancel_on_signals(token, say=lambda _: None):
        os.kill(os.getpid(), signal.SIGINT)
        assert threads.get(timeout=20) == "signals"


def test_the_old_handlers_come_back() -> None:
    """A program that embeds the command keeps its own."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with cancel_on_signals(CancelToken(), say=lambda _: None):
        pass
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert before == after


def test_an_ignored_signal_stays_ignored() -> None:
    """`nohup swamp-driver run ci.yaml &` shall outlive the terminal."""
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    token = CancelToken()
    try:
        with cancel_on_signals(token, say=lambda _: None):
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, old)
    assert not token.cancelled
