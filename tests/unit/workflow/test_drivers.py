"""Which driver and which options a step gets."""

from __future__ import annotations

import pytest

from swamp_driver.errors import UnknownDriverError
from swamp_driver.spec import Json
from swamp_driver.workflow import (
    DriverSelection,
    Plan,
    Template,
    bind_config,
    parse_repository_file,
)
from tests.unit.workflow.builders import Catalog, one_step, plan, problems, scope_of, step_of

NODE = "{image: node}"


def _text(*, workflow: str = "", job: str = "", step: str = "") -> str:
    return (
        f"name: ci\n{workflow}\njobs:\n  - name: build\n    {job}\n    steps:\n"
        f"      - name: compile\n        run: make\n        {step}\n"
    ).replace(" ;", "\n    " if job else "\n        ")


def _bound(planned: Plan, name: str = "compile") -> tuple[str, dict[str, Json]]:
    """Return the driver and the options of a step."""
    binding = {found.id: found for found in planned.bindings}[step_of(planned, name).binding]
    return binding.driver, bind_config(binding, scope_of(planned))


def _level(driver: str | None, image: str | None, indent: int) -> str:
    lines = [f"driver: {driver}"] if driver else []
    if image:
        lines.append(f"driverConfig: {{image: {image}}}")
    return ("\n" + " " * indent).join(lines)


@pytest.mark.parametrize(
    ("cli", "step", "job", "workflow", "repo", "expected"),
    [
        # the first level that names a driver wins, with its options
        (None, None, None, None, None, ("raw", None)),
        (None, None, None, None, ("docker", "r"), ("docker", "r")),
        (None, None, None, ("docker", "w"), ("raw", None), ("docker", "w")),
        (None, None, ("docker", "j"), ("docker-session", "w"), None, ("docker", "j")),
        (None, ("docker", "s"), ("docker-session", "j"), None, None, ("docker", "s")),
        (("docker", "c"), ("docker-session", "s"), None, None, None, ("docker", "c")),
        (("raw", None), ("docker", "s"), None, None, None, ("raw", None)),
        # a level that only names the driver takes the options of the next that configures it
        (None, ("docker", None), None, ("docker", "w"), None, ("docker", "w")),
        (None, ("docker", None), ("docker-session", "j"), ("docker", "w"), None, ("docker", "w")),
        (("docker", None), None, ("docker", "j"), ("docker", "w"), None, ("docker", "j")),
        (("docker", None), ("raw", None), None, None, ("docker", "r"), ("docker", "r")),
        # options are never merged, and those of another driver never taken
        (("raw", None), ("docker", "s"), ("docker", "j"), None, None, ("raw", None)),
        # options without a driver configure the one that the next level names
        (None, (None, "s"), ("docker", "j"), None, None, ("docker", "s")),
        (None, (None, "s"), None, ("docker", None), None, ("docker", "s")),
        (None, None, (None, "j"), None, ("docker", "r"), ("docker", "j")),
        ((None, "c"), None, None, ("docker", "w"), None, ("docker", "c")),
        (("raw", None), (None, "s"), None, ("docker", "w"), None, ("raw", None)),
        # and where no level below names one, whichever is chosen
        (("docker", None), None, None, (None, "w"), None, ("docker", "w")),
        (None, ("docker", None), (None, "j"), None, None, ("docker", "j")),
    ],
)
def test_the_first_level_that_names_a_driver_wins(
    cli: tuple[str | None, str | None] | None,
    step: tuple[str | None, str | None] | None,
    job: tuple[str | None, str | None] | None,
    workflow: tuple[str | None, str | None] | None,
    repo: tuple[str | None, str | None] | None,
    expected: tuple[str, str | None],
) -> None:
    """The table of the design: decided in the plan, and nowhere else."""

    def outside(
        level: tuple[str | None, str | None] | None,
    ) -> tuple[str | None, dict[str, Json] | None]:
        driver, image = level or (None, None)
        return driver, {"image": image} if image else None

    cli_driver, cli_config = outside(cli)
    repo_file = "".join(
        line
        for value, line in zip(
            repo or (None, None), ("driver: {}\n", "driverConfig: {{image: {}}}\n"), strict=True
        )
        if value
        for line in [line.format(value)]
    )
    planned = plan(
        _text(
            workflow=_level(*(workflow or (None, None)), 0),
            job=_level(*(job or (None, None)), 4),
            step=_level(*(step or (None, None)), 8),
        ),
        selection=DriverSelection(
            cli_driver=cli_driver,
            cli_config=cli_config,
            repo=parse_repository_file(repo_file, source=".swamp-driver.yaml").tier,
        ),
    )
    driver, image = expected
    assert _bound(planned) == (driver, {"image": image} if image else {})


def test_steps_with_equal_options_share_a_driver() -> None:
    """Each distinct driver is opened once in a run."""
    planned = plan(
        """
        name: ci
        driver: docker
        driverConfig: {image: node, env: {A: "1", B: "2"}}
        jobs:
          - name: build
            steps:
              - name: one
                run: make
              - name: two
                run: make
                driver: docker
                driverConfig:
                  env:
                    B: "2"
                    A: "1"
                  image: "node"
              - name: three
                run: make
                driverConfig: {image: other}
        """
    )
    assert [binding.driver for binding in planned.bindings] == ["docker", "docker"]
    assert step_of(planned, "one").binding == step_of(planned, "two").binding
    assert step_of(planned, "one").binding != step_of(planned, "three").binding


def test_a_driver_is_asked_for_once() -> None:
    """Loading one may import an SDK."""
    catalog = Catalog()
    plan(
        _text(workflow="driver: raw", step="driverConfig: {passEnv: [A]}"),
        catalog=catalog,
    )
    assert catalog.asked == ["raw"]


def test_options_with_inputs_are_checked_before_the_run() -> None:
    """Whatever is known is checked."""
    text = one_step(
        "run: make\ndriver: docker\ndriverConfig: {image: '${{ inputs.n }}', mode: session}",
        top="inputs: {n: {type: integer, default: 5}}",
    )
    assert problems(text) == [
        "9:24: jobs[0].steps[0].driverConfig.image: expected text, found integer"
    ]


def test_options_that_wait_for_the_run_are_left_open() -> None:
    """Each step that uses them gets its own values."""
    planned = plan(
        one_step(
            """
            run: make
            driver: docker
            driverConfig: {image: "app:${{ run.id }}"}
            """
        )
    )
    binding = planned.bindings[0]
    assert not binding.is_static
    assert binding.config == {"image": Template("app:${{ run.id }}", line=9, column=32)}
    assert (binding.path, binding.line) == ("jobs[0].steps[0].driverConfig", 9)
    assert bind_config(binding, scope_of(planned)) == {"image": "app:rabcdefghijk"}


def test_a_driver_of_the_command_line_that_is_unknown_raises_its_own_error() -> None:
    """It is not the file that is wrong."""
    with pytest.raises(UnknownDriverError):
        plan(_text(), selection=DriverSelection(cli_driver="dokcer"))


def test_wrong_options_of_the_command_line_are_told_as_such() -> None:
    """There is no line to show."""
    told = problems(
        _text(),
        selection=DriverSelection(
            cli_driver="docker", cli_config={"image": "x", "volumes": [1], "env": {"A": True}}
        ),
    )
    assert told == [
        "--driver-config.volumes[0]: expected text, found integer",
        "--driver-config.env.A: expected text, found true",
    ]


def test_missing_options_of_a_driver_of_the_command_line_are_told() -> None:
    """`--driver docker` alone has no image, and there is nothing in the file to point at."""
    told = problems(_text(), selection=DriverSelection(cli_driver="docker"))
    assert told == [
        "driverConfig.image: the option 'image' is required and missing (text: The image.)"
    ]


def test_several_drivers_must_be_able_to_share_a_workspace() -> None:
    """Refused with its reason before anything runs, not in the middle."""
    told = problems(
        """
        name: ci
        jobs:
          - name: build
            steps:
              - name: one
                run: make
              - name: two
                driver: lonely
                run: make
        """
    )
    (only,) = told
    assert only.startswith("9:17: jobs[0].steps[1].driver: the driver 'lonely' cannot share")
    assert only.endswith("(use one driver with the same options everywhere)")


def test_a_driver_alone_need_not_share() -> None:
    """What is not asked for is not required."""
    assert problems(_text(workflow="driver: lonely")) == []
