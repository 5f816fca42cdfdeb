"""A pytest session that judges a driver: what is loaded once a driver is named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

from swamp_driver.errors import SwampDriverError
from swamp_driver.spec import Availability, Json
from swamp_driver_conformance import _known
from swamp_driver_conformance._calls import Call
from swamp_driver_conformance._masking import Mask
from swamp_driver_conformance._reaper import kill_marked
from swamp_driver_conformance.clauses import profile_by_name
from swamp_driver_conformance.expect import not_run
from swamp_driver_conformance.harness import Bench, Run, make_root, measure_step_cost
from swamp_driver_conformance.loading import (
    Subject,
    SubjectError,
    SubjectRef,
    load_subject,
    open_hooks,
    read_config,
)
from swamp_driver_conformance.marks import clauses_of
from swamp_driver_conformance.outcomes import BENCH, Judge
from swamp_driver_conformance.probes import pids
from swamp_driver_conformance.reporting import Reporter

_PROBE_S = 20.0


def start(config: pytest.Config) -> None:
    """Load the driver and register what runs and judges its tests."""
    try:
        subject = load_subject(_subject_ref(config))
        profile = profile_by_name(config.getoption("--swamp-profile"))
        known = _known.read(config.getoption("--swamp-known-failures"))
    except KeyError as error:
        raise pytest.UsageError(f"unknown profile {error}") from error
    except (SwampDriverError, ValueError) as error:
        raise pytest.UsageError(str(error)) from error
    mask = Mask.of(os.environ)
    availability = _probe(subject)
    availability = attrs.evolve(availability, detail=mask(availability.detail))
    required = frozenset(config.getoption("--swamp-require-env"))
    config.pluginmanager.register(Fixtures(config, subject, availability, mask), "swamp-fixtures")
    judge = Judge(subject=subject, required=required, known=known, mask=mask)
    config.pluginmanager.register(judge, "swamp-judge")
    if not hasattr(config, "workerinput"):
        reporter = Reporter(config, subject, availability, profile=profile, known=known)
        config.pluginmanager.register(reporter, "swamp-reporter")


def _subject_ref(config: pytest.Config) -> SubjectRef:
    """Return which driver the options name."""
    path = config.getoption("--swamp-driver-config")
    return SubjectRef(
        name=config.getoption("--swamp-driver") or "",
        object_path=config.getoption("--swamp-driver-object") or "",
        config=None if path is None else read_config(Path(path)),
        samples=dict(_sample(text) for text in config.getoption("--swamp-sample")),
    )


def _sample(text: str) -> tuple[str, Mapping[str, Json]]:
    capability, has_path, path = text.partition("=")
    if not has_path:
        raise SubjectError(f"'{text}' is not CAPABILITY=FILE")
    return capability, read_config(Path(path))


def _probe(subject: Subject) -> Availability:
    """Ask the driver whether it can work here; that it cannot say counts as yes."""
    try:
        hooks = open_hooks(subject.cls, subject.config)
        call = Call("probe_environment", lambda: hooks.probe_environment(config=subject.config))
        found = call.wait(_PROBE_S)
    except Exception as error:  # noqa: BLE001 - the tests will say what is wrong
        return Availability(available=True, detail=f"not known: {error}")
    if isinstance(found, Availability):
        return found
    return Availability(available=True, detail="not known: there is no probe_environment")


class Fixtures:
    """The fixtures of the suite, and which of its tests are run."""

    def __init__(
        self, config: pytest.Config, subject: Subject, found: Availability, mask: Mask
    ) -> None:
        self._config = config
        self._mask = mask
        self._subject = subject
        self._availability = found
        self._cost_s: float | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out the tests of clauses that this driver is not measured by."""
        wanted = set(config.getoption("--swamp-clause"))
        capabilities = self._subject.info.capabilities
        left_out = [
            item
            for item in items
            if (clauses := clauses_of(item))
            and not any(
                one.applies_to(capabilities) and (not wanted or one.id in wanted) for one in clauses
            )
        ]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]

    @pytest.fixture
    def subject(self) -> Subject:
        """Return the driver that is judged."""
        return self._subject

    @pytest.fixture
    def bench(self, request: pytest.FixtureRequest) -> Iterator[Bench]:
        """Yield what a test works with, and clean up after it."""
        if not self._availability.available:
            not_run("driver", f"{self._availability.detail}; {self._availability.fix or ''}")
        root = make_root(self._config.getoption("--swamp-root"))
        quick = bool(self._config.getoption("--swamp-quick"))
        bench = Bench(
            self._subject,
            root=root,
            effort="quick" if quick else "normal",
            step_cost_s=self._step_cost_s(),
            mask=self._mask,
        )
        request.node.stash[BENCH] = bench
        directory, environment = Path.cwd(), dict(os.environ)
        older = frozenset(pids())
        umask = os.umask(0o022)
        os.umask(umask)
        try:
            yield bench
        finally:
            bench.close()
            kill_marked(bench.mark, older=older)
            # A driver that changed them must not fail the tests that come after.
            os.umask(umask)
            _restore(directory, environment)

    @pytest.fixture
    def run(self, bench: Bench) -> Run:
        """Return a run whose workspace is prepared."""
        return bench.prepared()

    def _step_cost_s(self) -> float:
        if self._cost_s is None:
            root = make_root(self._config.getoption("--swamp-root"))
            self._cost_s = measure_step_cost(self._subject, root)
        return self._cost_s


def _restore(directory: Path, environment: dict[str, str]) -> None:
    os.chdir(directory)
    if dict(os.environ) != environment:
        os.environ.clear()
        os.environ.update(environment)
