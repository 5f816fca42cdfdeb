"""From options to the container that the engine shall make: every decision, as values."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver.errors import ConfigError
from swamp_driver.spec import RunContext, StepRequest, WorkspaceRequest
from swamp_driver_docker_ws import DockerConfig, VolumeConfig
from swamp_driver_docker_ws._engine_api import EngineInfo, Image
from swamp_driver_docker_ws._translate import (
    AgentPlace,
    Storage,
    Surroundings,
    UserChoice,
    choose_user,
    translate_container,
    translate_helper,
    translate_step,
)

RUN_DIR = "/r/rabcdefghijk"
DOCKER = EngineInfo(product="Docker", version="28", machine="x86_64")
IMAGE = Image(image_id="sha256:1")


def a_run() -> RunContext:
    """Return a run whose directory is known."""
    return RunContext(
        run_id="rabcdefghijk",
        workflow="w",
        workspace=WorkspaceRequest(run_dir=RUN_DIR, uid=1000, gid=1000),
        config=None,
    )


def around(**changes: Any) -> Surroundings:
    """Return the surroundings on a machine of its own."""
    usual = Surroundings(
        image=IMAGE,
        engine=DOCKER,
        agent=AgentPlace(path=f"{RUN_DIR}/.agent-b/agent", directory=f"{RUN_DIR}/.agent-b"),
        storage=Storage(),
        user=UserChoice(user="1000:1000"),
    )
    return attrs.evolve(usual, **changes)


def body_of(place: Surroundings | None = None, **options: Any) -> dict[str, Any]:
    """Return what the engine is asked to make."""
    config = DockerConfig(image="busybox", **options)
    spec = translate_container(config, a_run(), place or around(), name="n", labels={"a": "b"})
    return dict(spec.body)


def test_the_usual_container() -> None:
    """Whole, so that no flag comes or goes unnoticed."""
    assert body_of() == {
        "Image": "busybox",
        "Hostname": None,
        "Entrypoint": [f"{RUN_DIR}/.agent-b/agent"],
        "Cmd": [],
        "User": "1000:1000",
        "WorkingDir": f"{RUN_DIR}/workspace",
        "Labels": {"a": "b"},
        "Tty": False,
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "AutoRemove": True,
            "LogConfig": {"Type": "none"},
            "Mounts": [
                {"Type": "bind", "Source": RUN_DIR, "Target": RUN_DIR, "ReadOnly": False},
                {
                    "Type": "bind",
                    "Source": f"{RUN_DIR}/.agent-b",
                    "Target": f"{RUN_DIR}/.agent-b",
                    "ReadOnly": True,
                },
            ],
        },
    }


def test_a_memory_limit_leaves_no_swap() -> None:
    """A step over its limit would swap for minutes instead of ending as out of memory."""
    host_config = body_of(memory="512m")["HostConfig"]
    assert (host_config["Memory"], host_config["MemorySwap"]) == (512 * 1024**2, 512 * 1024**2)


def test_limits_and_network() -> None:
    """They are the engine's own words."""
    host_config = body_of(cpus=1.5, network="none")["HostConfig"]
    assert (host_config["NanoCpus"], host_config["NetworkMode"]) == (1_500_000_000, "none")


def test_volumes_are_mounts() -> None:
    """The short form of the API would make a missing directory, as root, and break on colons."""
    mounts = body_of(
        volumes=("/data:/data:ro", "cache:/cache", VolumeConfig(source="/a:b", target="/c,d"))
    )["HostConfig"]["Mounts"]
    assert mounts[2:] == [
        {"Type": "bind", "Source": "/data", "Target": "/data", "ReadOnly": True},
        {"Type": "volume", "Source": "cache", "Target": "/cache", "ReadOnly": False},
        {"Type": "bind", "Source": "/a:b", "Target": "/c,d", "ReadOnly": False},
    ]


def test_a_run_directory_in_a_volume() -> None:
    """An engine elsewhere has no directory of ours, and gets the agent put in."""
    place = around(storage=Storage(volume="v"), agent=AgentPlace())
    body = body_of(place)
    assert body["HostConfig"]["Mounts"] == [{"Type": "volume", "Source": "v", "Target": RUN_DIR}]
    assert body["Entrypoint"] == ["/.swamp-driver/agent"]


def test_environment_never_reaches_the_container() -> None:
    """`inspect` shows a container's environment to everyone, and secrets are in it."""
    config = DockerConfig(image="busybox", env={"TOKEN": "canary"})
    spec = translate_container(config, a_run(), around(), name="n", labels={})
    assert "canary" not in repr(spec)


def test_the_environment_of_a_step_wins() -> None:
    """It is nearer."""
    config = DockerConfig(image="busybox", env={"A": "option", "B": "option"})
    step = translate_step(config, a_step(env={"B": "step"}))
    assert step.env == {"A": "option", "B": "step"}


def test_the_time_limit_of_the_options_is_for_steps_without() -> None:
    """Milliseconds in the file, seconds in the contract."""
    config = DockerConfig(image="busybox", timeout_ms=1500)
    assert translate_step(config, a_step()).timeout_s == 1.5
    assert translate_step(config, a_step(timeout_s=9.0)).timeout_s == 9.0
    assert translate_step(DockerConfig(image="busybox"), a_step()).timeout_s is None


def a_step(**changes: Any) -> StepRequest:
    """Return a step that does nothing."""
    return attrs.evolve(
        StepRequest(step_id="s", name="s", argv=("true",), cwd="/", exchange="/e"), **changes
    )


@pytest.mark.parametrize(
    ("option", "place"),
    [
        ({"volumes": (f"/a:{RUN_DIR}/workspace",)}, around()),
        ({"volumes": (f"/a:{RUN_DIR}",)}, around()),
        ({"extra_args": (f"--tmpfs={RUN_DIR}/workspace/tmp",)}, around()),
        ({}, around(image=Image(image_id="1", volumes=(f"{RUN_DIR}/workspace",)))),
    ],
)
def test_nothing_is_mounted_over_the_workspace(option: dict[str, Any], place: Surroundings) -> None:
    """The steps would work on something that no other driver sees, and lose it at the end."""
    with pytest.raises(ConfigError, match="would hide a part of the run directory"):
        body_of(place, **option)


def test_a_mount_around_the_run_directory_is_fine() -> None:
    """The engine mounts the deeper one later."""
    image = Image(image_id="1", volumes=("/r", "/data"))
    assert body_of(around(image=image), volumes=("/a:/r",))


def test_the_helper_is_root_and_takes_no_option() -> None:
    """It repairs files, and must not depend on what steps need."""
    config = DockerConfig(image="busybox", network="x", memory="6m", extra_args=("--cap-drop=ALL",))
    spec = translate_helper(config, a_run(), around(), name="n", labels={})
    host_config: Any = spec.body["HostConfig"]
    assert spec.body["User"] == "0:0"
    assert host_config["NetworkMode"] == "none"
    assert not {"Memory", "CapDrop"} & set(host_config)


@pytest.mark.parametrize(
    ("wanted", "engine", "choice"),
    [
        (None, {}, UserChoice(user="1000:1000", is_caller=True)),
        (None, {"rootless": True}, UserChoice(user="0:0", is_caller=True)),
        (
            None,
            {"rootless": True, "product": "Podman"},
            UserChoice(user="1000:1000", userns_mode="keep-id", is_caller=True),
        ),
        (
            None,
            {"remapped": True},
            UserChoice(user="1000:1000", userns_mode="host", is_caller=True),
        ),
        ("image", {}, UserChoice(user="")),
        ("0:0", {}, UserChoice(user="0:0")),
        ("node", {}, UserChoice(user="node")),
        ("1000", {}, UserChoice(user="1000", is_caller=True)),
    ],
)
def test_steps_run_as_the_caller_however_the_engine_maps_users(
    wanted: str | None, engine: dict[str, Any], choice: UserChoice
) -> None:
    """Then what they make belongs to the caller without any repair."""
    found = choose_user(
        wanted, engine=attrs.evolve(DOCKER, **engine), image=IMAGE, uid=1000, gid=1000
    )
    assert found == choice


def test_what_root_makes_is_looked_at() -> None:
    """Root can give files away, by `tar x` for one."""
    choice = choose_user(None, engine=DOCKER, image=IMAGE, uid=0, gid=0)
    assert choice == UserChoice(user="0:0", is_caller=False)
