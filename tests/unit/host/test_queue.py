"""Which ready steps run at once: limits, exclusive steps, `once` keys."""

from collections.abc import Iterator
from itertools import count

import pytest

from swamp_driver.host._queue import Queued, ReadyQueue
from swamp_driver.host._units import Unit
from swamp_driver.spec import StepRequest
from swamp_driver.workflow import BoundStep, PlannedStep, ShellCommand, Template


class Units:
    """Makes the units of steps, with ids that tell them apart."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def of_step(
        self,
        name: str,
        *,
        size: int = 1,
        job: str = "j",
        once: str | None = None,
        **fields: object,
    ) -> list[Unit]:
        """Return the units of one step."""
        step = PlannedStep(
            id=f"s{next(self._numbers)}",
            name=Template(name),
            command=ShellCommand(script=Template("true")),
            binding="b1",
            **fields,  # type: ignore[arg-type]
        )
        return [
            self._unit(step, f"{name}{n}" if size > 1 else name, job, once) for n in range(size)
        ]

    def _unit(self, step: PlannedStep, name: str, job: str, once: str | None) -> Unit:
        request = StepRequest(
            step_id=f"u{next(self._numbers)}", name=name, argv=("true",), cwd="/", exchange="/x"
        )
        bound = BoundStep(
            request=request,
            ignore_exit_code=False,
            command_line="true",
            once_key=once,
            sharing=step.sharing,
        )
        return Unit(job=job, step=step, name=name, bound=bound, driver="raw", config={})


@pytest.fixture
def units() -> Units:
    """Return a maker of units."""
    return Units()


def names(taken: Iterator[Queued]) -> list[str]:
    """Return the names of what was taken."""
    return [unit.name for unit in taken]


def test_without_limits_everything_starts(units: Units) -> None:
    """No limit means no limit."""
    queue = ReadyQueue({"j": None})
    queue.add(units.of_step("a", size=3))
    queue.add(units.of_step("b"))
    assert names(queue.take()) == ["a0", "a1", "a2", "b"]


def test_a_job_runs_no_more_steps_than_it_allows(units: Units) -> None:
    """`concurrency` of a job counts its steps, whatever step they come from."""
    queue = ReadyQueue({"j": 2, "k": None})
    queue.add(units.of_step("a", size=3))
    queue.add(units.of_step("b", job="k"))
    taken = list(queue.take())
    assert names(iter(taken)) == ["a0", "a1", "b"]
    assert names(queue.take()) == []
    queue.ended(taken[0])
    assert names(queue.take()) == ["a2"]


def test_a_run_runs_no_more_steps_than_the_machine_allows(units: Units) -> None:
    """Each step that runs takes a thread, whatever job it is of."""
    queue = ReadyQueue({"j": None, "k": None}, limit=2)
    queue.add(units.of_step("a"))
    queue.add(units.of_step("b", job="k", size=2))
    taken = list(queue.take())
    assert names(iter(taken)) == ["a", "b0"]
    assert names(queue.take()) == []
    queue.ended(taken[0])
    assert names(queue.take()) == ["b1"]


def test_a_step_runs_no_more_iterations_than_it_allows(units: Units) -> None:
    """`concurrency` of a step counts its iterations, and holds back no other step."""
    queue = ReadyQueue({"j": None})
    queue.add(units.of_step("a", size=3, concurrency=1))
    queue.add(units.of_step("b"))
    assert names(queue.take()) == ["a0", "b"]


def test_an_exclusive_step_runs_alone(units: Units) -> None:
    """It never overlaps another step of the run, in any job."""
    queue = ReadyQueue({"j": None, "k": None})
    shared = units.of_step("a")
    queue.add(shared)
    assert names(queue.take()) == ["a"]
    exclusive = units.of_step("x", job="k", sharing="exclusive")
    queue.add(exclusive)
    queue.add(units.of_step("b", job="k"))
    assert names(queue.take()) == []
    queue.ended(shared[0])
    assert names(queue.take()) == ["x"]
    assert names(queue.take()) == []
    queue.ended(exclusive[0])
    assert names(queue.take()) == ["b"]


def test_nothing_overtakes_an_exclusive_step_that_is_next(units: Units) -> None:
    """Else a stream of short steps would keep it waiting for ever."""
    queue = ReadyQueue({"j": None})
    queue.add(units.of_step("a"))
    assert names(queue.take()) == ["a"]
    queue.add(units.of_step("x", sharing="exclusive"))
    queue.add(units.of_step("b"))
    assert names(queue.take()) == []


def test_of_one_once_key_one_runs_at_a_time(units: Units) -> None:
    """Four parallel installs into one directory destroy each other."""
    queue = ReadyQueue({"j": None})
    queue.add(units.of_step("a", size=3, once="install"))
    queue.add(units.of_step("b"))
    taken = list(queue.take())
    assert names(iter(taken)) == ["a0", "b"]
    queue.ended(taken[0])
    assert names(queue.take()) == ["a1"]


def test_what_waits_can_be_taken_back(units: Units) -> None:
    """A cancelled run ends what has not started."""
    queue = ReadyQueue({"j": 1})
    queue.add(units.of_step("a", size=2))
    queue.add(units.of_step("b"))
    assert names(queue.take()) == ["a0"]
    assert [unit.name for unit in queue.take_all()] == ["a1", "b"]
    assert names(queue.take()) == []
    assert queue.running == 1
