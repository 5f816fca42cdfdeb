"""The workflow that all this is for, for real: npm, promptfoo, four evaluations, three drivers.

The installation of promptfoo is the slow part: it takes minutes on a busy machine. It happens once
for all tests of this file, also where they are spread over workers, for the workspace persists.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from filelock import FileLock

from swamp_driver.host import HostSettings, RunRecord, open_store, plan_file
from tests.run.command import alive_below
from tests.run.reference import (
    EXAMPLE,
    Place,
    commit_prompts,
    end,
    evaluations,
    node_programs,
    registry_answers,
    start,
    statuses,
    texts,
)

PASSED = {"brief": 3, "kind": 4, "eager": 2, "plain": 3}
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Place]:
    """Return the place for all tests of this file, whatever worker they are given to."""
    base = tmp_path_factory.getbasetemp()
    base = (base if worker_id == "master" else base.parent) / "reference-workflow"
    programs = node_programs()
    if not registry_answers(programs):
        pytest.skip("the npm registry does not answer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", programs, prepend=":")
        yield Place(base, HostSettings(root=base / "root", state_dir=base / "state"))


@pytest.fixture(scope="module")
def first(place: Place) -> RunRecord:
    """Return the first of all runs there, which installs promptfoo; it is under raw."""
    mark = place.directory / "first-run"
    with FileLock(f"{place.directory}.lock"):
        if not mark.exists():
            place.directory.mkdir()
            commit_prompts(place.prompts)
            mark.write_text(place.run("raw").run_id, encoding="utf-8")
    with open_store(place.settings) as store:
        return store.find_run(mark.read_text(encoding="utf-8"))


def test_it_installs_once_and_evaluates_four_configurations_side_by_side(
    place: Place, first: RunRecord
) -> None:
    """That is what the workflow is for: real tools, real results, no work-around."""
    assert (first.status, first.errors) == ("succeeded", ())
    assert statuses(first) == {
        "checkout": "succeeded",
        "install": "succeeded",
        "eval-brief": "failed",
        "eval-kind": "succeeded",
        "eval-eager": "failed",
        "eval-plain": "failed",
        "best": "succeeded",
    }
    assert {name: result["passed"] for name, result in place.results(first).items()} == {
        f"result-{model}": passed for model, passed in PASSED.items()
    }
    assert "the best configuration passes 4 tests" in place.printed(first, "best")
    assert max(map(start, evaluations(first))) < min(map(end, evaluations(first)))
    assert place.left() == []
    assert alive_below(place.settings.root) == []


def test_its_reports_say_what_failed_and_who_is_best(place: Place, first: RunRecord) -> None:
    """Four logs side by side are not an answer; the reports are."""
    reports = place.reports(first)

    assert reports["eval-kind"].markdown == "**kind** passes 4 of 4."
    assert reports["eval-brief"].json == {"passed": 3, "total": 4}
    assert "- is polite: " in reports["eval-brief"].markdown
    analysis = reports["eval_analysis"]
    assert analysis.json == {"best": "kind", "passed": PASSED, "overlap": 4}
    assert "| kind | echo | 4 | 0 |" in analysis.markdown


def test_a_second_run_finds_what_the_first_installed(place: Place, first: RunRecord) -> None:
    """A persistent workspace is the cache of `node_modules`."""
    second = place.run("raw")

    assert second.status == "succeeded", second.errors
    (install,) = [step for step in second.steps if step.step == "install"]
    assert install.detail == "done before (once: 'promptfoo-0.123.1')"
    assert place.results(second) == place.results(first)
    assert place.left() == []


@pytest.mark.engine
@pytest.mark.parametrize("driver", ["docker-session", "docker"])
def test_it_comes_to_the_same_in_containers(place: Place, first: RunRecord, driver: str) -> None:
    """The same file, the same data, the same reports: where steps run is not its business."""
    record = place.run(
        driver,
        {"image": "swamp-test/debian", "volumes": [f"{place.prompts}:{place.prompts}:ro"]},
    )

    assert record.status == "succeeded", record.errors
    assert statuses(record) == statuses(first)
    assert place.results(record) == place.results(first)
    assert texts(place.reports(record)) == texts(place.reports(first))
    assert max(map(start, evaluations(record))) < min(map(end, evaluations(record)))
    assert place.left() == []


def test_the_old_way_is_a_valid_workflow_too() -> None:
    """What stands beside it to be compared must be what one could really have written."""
    plan_file(EXAMPLE / "before/workflow.yaml", inputs={"repo": "/srv/prompts"})
