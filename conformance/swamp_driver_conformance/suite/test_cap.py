"""What a driver says of itself, and of its options (CAP, CONFIG)."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pluggy
import pytest

from swamp_driver.errors import ConfigError, SwampDriverError, UnsupportedCapabilityError
from swamp_driver.spec import (
    API_VERSION,
    OPTIONAL_HOOKS,
    PROJECT_NAME,
    REQUIRED_HOOKS,
    ApiVersion,
    Availability,
    Capability,
    DriverHooks,
    Leftover,
    config_options,
    is_known_capability,
    structure_config,
)
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.loading import Subject, open_hooks
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import children, open_descriptors, settles, snapshot

_CONSTRUCTION_S = 1.0
_PROBE_S = 5.0


@clause("SWD-CAP-001")
def test_info_is_sound(subject: Subject) -> None:
    """Hosts decide by `info` before they construct anything."""
    summary: object = subject.info.summary
    is_line = isinstance(summary, str) and summary.strip() and "\n" not in summary
    expect.that(is_line, "info.summary", seen=summary, expected="one line of text")
    capabilities: object = subject.info.capabilities
    is_set = isinstance(capabilities, frozenset | set)
    expect.that(is_set, "info.capabilities", seen=capabilities, expected="a frozenset")
    unknown = sorted(c for c in map(str, subject.info.capabilities) if not is_known_capability(c))
    expect.equal(unknown, [], "capabilities that are not in the contract")


@clause("SWD-CAP-002")
def test_api_version_fits(subject: Subject) -> None:
    """A host that speaks another version refuses the driver at the start."""
    api: object = subject.info.api
    fits = isinstance(api, ApiVersion) and API_VERSION.accepts(api)
    expected = f"{API_VERSION.major}.x, not newer than {API_VERSION}"
    expect.that(fits, "info.api", seen=str(api), expected=expected)


@clause("SWD-CAP-003")
def test_hooks_are_implemented(subject: Subject) -> None:
    """Pluggy ignores a misspelt hook in silence, and default values mean different things to it."""
    manager = pluggy.PluginManager(PROJECT_NAME)
    manager.add_hookspecs(DriverHooks)
    try:
        manager.register(subject.cls(subject.config))
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        expect.deviates("the hooks", seen=error, expected="hooks as the contract names them")
    for name in (*REQUIRED_HOOKS, *OPTIONAL_HOOKS):
        found = getattr(manager.hook, name).get_hookimpls()
        if name in REQUIRED_HOOKS:
            expect.equal(len(found), 1, f"implementations of '{name}'")
        for implementation in found:
            parameters = inspect.signature(implementation.function).parameters.values()
            defaults = [p.name for p in parameters if p.default is not inspect.Parameter.empty]
            expect.equal(defaults, [], f"arguments of '{name}' with a default value")
            expect.that(
                not inspect.iscoroutinefunction(implementation.function),
                f"the hook '{name}'",
                seen="a coroutine function",
                expected="an ordinary function",
            )


def _refuses(run: Run, bench: Bench, capability: str) -> None:
    before = snapshot(bench.root)
    what = f"a run that needs '{capability}', which is not declared"
    with expect.raises(UnsupportedCapabilityError, what) as caught:
        run.prepare()
    expect.equal(str(caught[0].capability), str(capability), "the capability in the error")
    expect.equal(snapshot(bench.root), before, "what is in the root after the refusal")


@clause("SWD-CAP-004")
def test_attach_is_refused_where_it_is_not_declared(bench: Bench) -> None:
    """A host that mixes drivers must learn it before the first step."""
    made = bench.prepared()
    _refuses(bench.attached(made), bench, Capability.ATTACH)


@clause("SWD-CAP-005")
def test_persistent_is_refused_where_it_is_not_declared(bench: Bench) -> None:
    """A cache that silently never hits is worse than an error."""
    _refuses(bench.run(request={"persistent": True}), bench, Capability.PERSISTENT)


@clause("SWD-CAP-006")
def test_host_visible_agrees_with_its_capability(bench: Bench) -> None:
    """The host reads the workspace itself where the driver says that it can."""
    workspace = bench.run().prepare()
    declared = bench.subject.declares(Capability.HOST_VISIBLE)
    expect.equal(workspace.host_visible, declared, "Workspace.host_visible")


@clause("SWD-CAP-007")
def test_leftovers_are_listed_by_an_instance_that_ran_nothing(
    bench: Bench, run: Run, subject: Subject
) -> None:
    """Crash clean-up runs in a process that knows nothing of the run."""
    del bench, run
    hooks = open_hooks(subject.cls, subject.config)
    for name in ("list_leftovers", "remove_leftover"):
        expect.equal(len(getattr(hooks, name).get_hookimpls()), 1, f"implementations of '{name}'")
    found: object = hooks.list_leftovers(config=subject.config)
    is_sound = isinstance(found, list | tuple) and all(isinstance(one, Leftover) for one in found)
    expect.that(is_sound, "list_leftovers", seen=found, expected="a sequence of Leftover")
    names = [(one.kind, one.name) for one in found]  # type: ignore[attr-defined]
    expect.equal(len(names), len(set(names)), "different names in list_leftovers")


@clause("SWD-CONFIG-001")
def test_options_are_declared(subject: Subject) -> None:
    """The reference of a driver and the errors for its users are made from them."""
    try:
        options = config_options(subject.info.config)
    except TypeError as error:
        expect.deviates("info.config", seen=error, expected="a class made with option()")
    bare = [one.key for one in options if not one.help.strip()]
    expect.equal(bare, [], "options without a help text")


@clause("SWD-CONFIG-002")
def test_good_samples_are_accepted(subject: Subject) -> None:
    """They are the documentation that people copy."""
    for sample in subject.info.good_configs:
        try:
            subject.cls(structure_config(subject.info.config, sample.data))
        except SwampDriverError as error:
            expect.deviates(f"the good sample '{sample.title}'", seen=error, expected="accepted")


@clause("SWD-CONFIG-003")
def test_bad_samples_are_refused(subject: Subject) -> None:
    """A wrong option has to be found before the run."""
    for sample in subject.info.bad_configs:
        with expect.raises(ConfigError, f"the bad sample '{sample.title}'") as caught:
            subject.cls(structure_config(subject.info.config, sample.data))
        expect.that(
            caught[0].problems, "the error's problems", seen="none", expected="at least one"
        )


@clause("SWD-CONFIG-004")
def test_there_are_samples(subject: Subject) -> None:
    """Without samples the clauses about them say nothing."""
    counts = (len(subject.info.good_configs), len(subject.info.bad_configs))
    expect.that(min(counts) > 0, "good and bad samples", seen=counts, expected="one of each")


@clause("SWD-CONFIG-005")
def test_construction_does_nothing(subject: Subject) -> None:
    """Hosts construct drivers in order to list and check them."""
    subject.cls(subject.config)  # what is imported late is not counted
    before = (threading.active_count(), open_descriptors(), len(children()))
    began = time.monotonic()
    made = [subject.cls(subject.config) for _ in range(5)]
    took_s = (time.monotonic() - began) / len(made)
    after = (threading.active_count(), open_descriptors(), len(children()))
    expect.equal(after, before, "threads, descriptors and children after constructing five")
    limit = f"less than {_CONSTRUCTION_S} s"
    expect.that(took_s < _CONSTRUCTION_S, "constructing", seen=f"{took_s:.2f} s", expected=limit)


@clause("SWD-CONFIG-006")
def test_importing_starts_nothing_and_is_quick(subject: Subject) -> None:
    """The command line of a host imports the driver at every start."""
    script = (
        "import sys, threading, time; import swamp_driver.spec; began = time.monotonic(); "
        "import importlib; importlib.import_module(sys.argv[1]); "
        "print(threading.active_count(), time.monotonic() - began)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, subject.cls.__module__],
        env={**_environment(), "PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    expect.equal(done.returncode, 0, f"importing '{subject.cls.__module__}': {done.stderr[-300:]}")
    threads, seconds = done.stdout.split()
    expect.equal(int(threads), 1, "threads after the import")
    limit = f"less than {_CONSTRUCTION_S} s"
    expect.that(float(seconds) < _CONSTRUCTION_S, "importing", seen=f"{seconds} s", expected=limit)


def _environment() -> dict[str, str]:
    import os  # noqa: PLC0415 - read with its only use

    return dict(os.environ)


@clause("SWD-CONFIG-007")
def test_pass_env_is_the_hosts_business(
    bench: Bench, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sides that both resolve an option disagree sooner or later."""
    keys = [one.key for one in config_options(subject.info.config)]
    expect.that("passEnv" in keys, "the options", seen=keys, expected="'passEnv' among them")
    monkeypatch.setenv("SWAMP_CANARY_PASSED", "canary")
    run = bench.prepared(config=subject.config_with({"passEnv": ["SWAMP_CANARY_*"]}))
    seen = run.sh('printf %s "${SWAMP_CANARY_PASSED-absent}"').text
    expect.equal(seen, "absent", "a variable that passEnv names and the step does not have")


@clause("SWD-CONFIG-008")
def test_probing_is_quick_and_makes_nothing(bench: Bench, subject: Subject) -> None:
    """It is what asking whether a driver is usable costs."""
    hooks = open_hooks(subject.cls, subject.config)
    before = snapshot(bench.root)
    probe: Callable[[], object] = lambda: hooks.probe_environment(config=subject.config)  # noqa: E731
    probe()
    resources = (threading.active_count(), open_descriptors())
    began = time.monotonic()
    found = [probe() for _ in range(2)]
    took_s = (time.monotonic() - began) / 2
    is_sound = all(one is None or isinstance(one, Availability) for one in found)
    expect.that(is_sound, "probe_environment", seen=found, expected="an Availability, or None")
    limit = f"less than {_PROBE_S} s"
    expect.that(took_s < _PROBE_S, "probing", seen=f"{took_s:.1f} s", expected=limit)
    expect.equal(snapshot(bench.root), before, "files after probing")
    settled = settles(
        lambda: (threading.active_count(), open_descriptors()) <= resources, deadline_s=2
    )
    expect.that(settled, "probing again and again", seen="threads or descriptors", expected="none")
