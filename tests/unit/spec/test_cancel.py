"""The cancel token: set from anywhere, seen everywhere."""

from __future__ import annotations

import threading

from swamp_driver.spec import CancelStage, CancelToken

LIMIT_S = 30.0


def test_a_new_token_is_not_set() -> None:
    """A driver that looks before it starts must see a run that goes on."""
    token = CancelToken()
    assert token.stage is CancelStage.NONE
    assert not token.cancelled


def test_the_stage_only_rises() -> None:
    """A late graceful cancel must not take back a kill."""
    token = CancelToken()
    token.cancel(CancelStage.NOW)
    token.cancel(CancelStage.GRACEFUL)
    assert token.stage is CancelStage.NOW


def test_subscribers_are_told_each_stage_once() -> None:
    """A second Ctrl-C must reach a driver that is in its grace period; a third changes nothing."""
    token = CancelToken()
    seen: list[CancelStage] = []
    token.on_change(seen.append)
    for stage in (CancelStage.GRACEFUL, CancelStage.GRACEFUL, CancelStage.NOW, CancelStage.NOW):
        token.cancel(stage)
    assert seen == [CancelStage.GRACEFUL, CancelStage.NOW]


def test_a_late_subscriber_is_told_at_once() -> None:
    """Between a look at the token and the subscription the run may have been cancelled."""
    token = CancelToken()
    token.cancel()
    seen: list[CancelStage] = []
    token.on_change(seen.append)
    assert seen == [CancelStage.GRACEFUL]


def test_an_ended_subscription_is_not_told() -> None:
    """A step that has ended must not be killed: its pid may belong to another by then."""
    token = CancelToken()
    seen: list[CancelStage] = []
    unsubscribe = token.on_change(seen.append)
    unsubscribe()
    unsubscribe()
    token.cancel()
    assert seen == []


def test_a_subscriber_may_unsubscribe_while_it_is_told() -> None:
    """That is what a step does whose end is brought about by the cancel."""
    token = CancelToken()
    seen: list[CancelStage] = []

    def end_after_first(stage: CancelStage) -> None:
        seen.append(stage)
        unsubscribe()

    unsubscribe = token.on_change(end_after_first)
    token.cancel()
    token.cancel(CancelStage.NOW)
    assert seen == [CancelStage.GRACEFUL]


def test_a_child_follows_its_parent() -> None:
    """Cancelling a run cancels each of its steps."""
    run = CancelToken()
    step = run.child()
    run.cancel(CancelStage.NOW)
    assert step.stage is CancelStage.NOW


def test_a_child_of_a_set_token_is_set() -> None:
    """A step that starts after the run was cancelled must not start."""
    run = CancelToken()
    run.cancel()
    assert run.child().stage is CancelStage.GRACEFUL


def test_a_child_is_set_alone() -> None:
    """Cancelling one step never touches the run or another step."""
    run = CancelToken()
    step, other = run.child(), run.child()
    step.cancel()
    assert (step.cancelled, other.cancelled, run.cancelled) == (True, False, False)


def test_wait_returns_at_its_limit() -> None:
    """A driver polls with it between looks at a process."""
    assert CancelToken().wait(0.0) is CancelStage.NONE


def test_wait_ends_when_another_thread_cancels() -> None:
    """The signal handler's thread sets what the step's thread waits for."""
    token = CancelToken()
    canceller = threading.Thread(target=token.cancel, args=(CancelStage.NOW,))
    canceller.start()
    assert token.wait(LIMIT_S) is CancelStage.NOW
    canceller.join()


def test_threads_that_cancel_and_subscribe_at_once_miss_nothing() -> None:
    """Whoever subscribes while the token is being set is told, one way or the other."""
    token = CancelToken()
    told = [threading.Event() for _ in range(16)]
    together = threading.Barrier(len(told) + 1)

    def subscribe(event: threading.Event) -> None:
        together.wait(LIMIT_S)
        token.on_change(lambda _stage: event.set())

    threads = [threading.Thread(target=subscribe, args=(event,)) for event in told]
    for thread in threads:
        thread.start()
    together.wait(LIMIT_S)
    token.cancel()
    for thread in threads:
        thread.join(LIMIT_S)
    assert all(event.is_set() for event in told)
