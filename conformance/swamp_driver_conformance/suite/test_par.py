"""Steps and runs at the same time (PAR)."""

from __future__ import annotations

from swamp_driver.spec import StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import settles, token
from swamp_driver_conformance.suite._shell import QUIET, UNTIL
from swamp_driver_conformance.suite._steps import output_of

_REAPED_S = 5.0
_BARRIER = UNTIL + ': > "here-$1"; for o in $2; do until_there "here-$o"; done; '
"""Goes on when all of $2 have come here."""


@clause("SWD-PAR-001")
def test_steps_overlap(run: Run) -> None:
    """Steps that wait for each other would never end."""
    names = ["a", "b", "c", "d"]
    going = [run.start_sh(_BARRIER, name, " ".join(names)) for name in names]
    ends = [one.wait().result.end for one in going]
    expect.equal(ends, [StepEnd.SUCCEEDED] * 4, "four steps of which each waits for the others")


@clause("SWD-PAR-002")
def test_results_go_to_their_own_calls(run: Run) -> None:
    """State in the instance instead of the call mixes them up."""
    names = ["1", "2", "3", "4"]
    script = _BARRIER + 'echo "$1"; echo "$1" > "$3/out"; exit "$1"'
    going = []
    for name in names:
        exchange = run.context.workspace.exchange(f"p{name}")
        step = run.request(
            ("/bin/sh", "-c", script, "sh", name, " ".join(names), exchange),
            step_id=f"p{name}",
            collect=("out",),
        )
        going.append(run.start(step))
    for name, one in zip(names, going, strict=True):
        done = one.wait()
        seen = (done.result.exit_code, done.text, dict(done.result.collected))
        line = f"{name}\n"
        expect.equal(seen, (int(name), line, {"out": line.encode()}), f"what call {name} got")


@clause("SWD-PAR-003")
def test_long_ids_do_not_collide(run: Run) -> None:
    """Names cut to fit a limit collide."""
    ids = [f"{'x' * 39}{letter}" for letter in "abc"]
    script = _BARRIER + 'cat "$3/in"'
    going = []
    for one in ids:
        exchange = run.context.workspace.exchange(one)
        step = run.request(
            ("/bin/sh", "-c", script, "sh", one, " ".join(ids), exchange),
            step_id=one,
            files={"in": one.encode()},
        )
        going.append(run.start(step))
    seen = [one.wait().text for one in going]
    expect.equal(seen, ids, "what steps with long ids read from their exchange directories")


@clause("SWD-PAR-004")
def test_runs_do_not_disturb_each_other(bench: Bench) -> None:
    """State in the class or the module mixes them up."""
    stem = "c" + token()[5:15]
    first, second = bench.prepared(run_id=f"{stem}1"), bench.prepared(run_id=f"{stem}2")
    going = second.start_sh(f"{UNTIL} echo ready; until_there go; echo went on; exit 6")
    going.saw("ready")
    output_of(first, "echo mine > file")
    report = first.teardown()
    expect.equal(report.errors, (), "errors of the first run's teardown")
    output_of(second, ": > go")
    done = going.wait()
    seen = (done.result.exit_code, done.text)
    expect.equal(seen, (6, "ready\nwent on\n"), "a step of the second run, beside the teardown")
    expect.equal(second.sh("ls").text, "go\n", "the workspace of the second run")


@clause("SWD-PAR-005")
def test_hints_are_hints(bench: Bench) -> None:
    """Conditions skip steps; loops add some."""
    none = bench.prepared(expected_steps=5, concurrency=3)
    expect.equal(none.teardown().errors, (), "errors of a run that expected steps and had none")
    more = bench.prepared(expected_steps=1, concurrency=1)
    seen = [more.sh(f"echo {number}").text for number in range(3)]
    expect.equal(seen, ["0\n", "1\n", "2\n"], "three steps of a run that expected one")
    names = ["a", "b", "c"]
    going = [more.start_sh(_BARRIER, name, " ".join(names)) for name in names]
    ends = [one.wait().result.end for one in going]
    expect.equal(ends, [StepEnd.SUCCEEDED] * 3, "three steps at once where one was expected")


_PLACE = 'cd /proc/self/ns 2>/dev/null && ls -l mnt pid ipc uts; [ -e "$1" ] && echo marked; :'


@clause("SWD-PAR-006")
def test_session_is_one_place(run: Run) -> None:
    """A session is chosen so that what one step installs the next one has."""
    file = f"/tmp/{token()}"  # noqa: S108 - in the place where steps run
    try:
        output_of(run, ': > "$1"', file)
        names = ["a", "b"]
        script = _BARRIER + _PLACE.replace("$1", "$3")
        going = [run.start_sh(script, name, " ".join(names), file) for name in names]
        seen = [one.wait() for one in going]
        later = run.sh(_PLACE, file)
    finally:
        run.sh('rm -f "$1"', file)
    places = {_namespaces(done.text) for done in (*seen, later)}
    expect.equal(len(places), 1, f"different places of steps: {places}")
    marked = [done.text.endswith("marked\n") for done in (*seen, later)]
    expect.equal(marked, [True] * 3, "whether steps see a file that an earlier one made in /tmp")


_NETWORK = _BARRIER + "ls -l /proc/self/ns/net 2>/dev/null; :"


@clause("SWD-PAR-008")
def test_steps_with_services_share_a_network(bench: Bench) -> None:
    """A test that needs a server beside it would find nobody at its address."""
    run = bench.prepared(services=True)
    names = ["a", "b"]
    going = [run.start_sh(_NETWORK, name, " ".join(names)) for name in names]
    seen = [_namespaces(done.text) for done in (one.wait() for one in going)]
    if not any(seen):
        expect.not_run("procfs", "where steps run, nothing tells one network from another")
    expect.equal(len(set(seen)), 1, f"different networks of steps at the same time: {seen}")


def _namespaces(text: str) -> tuple[str, ...]:
    return tuple(line.rpartition(" ")[2] for line in text.splitlines() if "->" in line)


@clause("SWD-PAR-007")
def test_orphans_are_reaped(run: Run, bench: Bench) -> None:
    """A container without an init fills up until nothing can be started."""
    name = f"orphan{token()[5:12]}"  # the kernel keeps 15 letters of it
    output_of(run, f"printf '#!/bin/sh\\nexit 0\\n' > {name}; chmod 755 {name}")
    for _ in range(bench.count(most=10, least=3, budget_s=3)):
        output_of(run, f"( ( ./{name} {QUIET} & ) & ); ( ./{name} {QUIET} & ); :")
    count = (
        "n=0; for s in /proc/[0-9]*/stat; do read -r l < $s 2>/dev/null || continue;"
        f' case $l in *"({name}) Z "*) n=$((n+1));; esac; done; echo $n'
    )
    is_clear = settles(lambda: run.sh(count).text == "0\n", deadline_s=_REAPED_S)
    seen = run.sh(count).text
    what = f"zombies that steps left in their place, {_REAPED_S:g} s later"
    expect.that(is_clear, what, seen=seen, expected="0")
