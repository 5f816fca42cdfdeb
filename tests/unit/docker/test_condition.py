"""What an engine says of its condition, and what is warned of."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver_docker_ws._condition import probe_engine, read_condition
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_api import EngineCondition, EngineInfo, Image
from swamp_driver_docker_ws._engine_ref import EngineRef
from tests.drivers.docker.fake_engine import FakeEngine

NOON = "2026-01-01T12:00:00.123456789Z"
NOON_S = 1767268800.123456


@attrs.define(eq=False)
class OddEngine(FakeEngine):
    """An engine in any condition."""

    about: EngineInfo
    condition: EngineCondition

    def __attrs_pre_init__(self) -> None:
        """Make what the fake has."""
        super().__init__(images={"here": Image(image_id="1")})

    def info(self) -> EngineInfo:
        """Return what the test wants."""
        return self.about

    def examine(self) -> EngineCondition:
        """Return what the test wants."""
        return self.condition


def warnings(
    config: DockerConfig | None = None, info: dict[str, Any] | None = None, **condition: Any
) -> str:
    """Return the warnings for an engine that is well but for these things."""
    engine = OddEngine(
        about=EngineInfo(product="Docker", version="28", machine="x86_64", **(info or {})),
        condition=EngineCondition(**{"networks": ("bridge",), "cgroup_version": 2, **condition}),
    )
    found = probe_engine(engine, EngineRef(), config, uid=1000, gid=100)
    assert found.available
    return "; ".join(found.warnings)


def test_an_engine_that_is_well_has_no_warnings() -> None:
    """Whoever reads a warning each time reads none."""
    assert warnings() == ""
    assert warnings(networks=("podman",)) == ""


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"networks": ("host", "none")}, "no bridge network"),
        ({"limits_memory": False}, "cannot limit memory"),
        ({"cgroup_version": 1, "info": {"rootless": True}}, "cannot limit memory"),
        ({"selinux": True}, "label=disable"),
        ({"data_root": "/var/snap/docker/common/var-lib-docker"}, "snap"),
        ({"system": "Docker Desktop"}, "virtual machine"),
        ({"clock_skew_s": -61.0}, "-61 s off"),
        ({"config": DockerConfig(image="gone", pull="never")}, "no image 'gone'"),
    ],
)
def test_what_may_surprise_is_warned_of(condition: dict[str, Any], words: str) -> None:
    """Each of these has cost somebody an afternoon."""
    assert words in warnings(**condition)


@pytest.mark.parametrize(
    "config",
    [
        DockerConfig(image="here", pull="never", network="host"),
        DockerConfig(image="here", pull="never", network="mine"),
    ],
)
def test_what_the_options_avoid_is_not_warned_of(config: DockerConfig) -> None:
    """A bridge is needed by those who use it."""
    assert warnings(config, networks=("host", "none")) == ""


def test_users_are_told_as_containers_count_them() -> None:
    """It is the first thing to look at where files have the wrong owner."""
    engine = FakeEngine()
    found = probe_engine(engine, EngineRef(), DockerConfig(image="busybox"), uid=1000, gid=100)
    assert found.facts["user"] == "1000:100"
    assert "steps run as user 1000:100" in found.detail
    by_image = DockerConfig(image="busybox", user="image")
    found = probe_engine(engine, EngineRef(), by_image, uid=1000, gid=100)
    assert found.facts["user"] == "the image's own"


def test_the_answers_of_an_engine_are_read() -> None:
    """As Docker and Podman write them."""
    info = {
        "OperatingSystem": "Debian",
        "DockerRootDir": "/var/lib/docker",
        "CgroupVersion": "2",
        "MemoryLimit": False,
        "SecurityOptions": ["name=seccomp,profile=default", "name=selinux"],
        "SystemTime": NOON,
    }
    networks = [{"Name": "none"}, {"Name": "bridge"}]
    read = read_condition(info, networks, now_s=NOON_S + 10)
    assert read.clock_skew_s == pytest.approx(-10.0)
    assert attrs.evolve(read, clock_skew_s=0.0) == EngineCondition(
        system="Debian",
        data_root="/var/lib/docker",
        networks=("bridge", "none"),
        cgroup_version=2,
        limits_memory=False,
        selinux=True,
    )


@pytest.mark.parametrize("time", ["", "yesterday", "2026-01-01T12:00:00"])
def test_what_an_engine_does_not_say_is_taken_for_well(time: str) -> None:
    """Old engines, and Podman, leave things out."""
    assert read_condition({"SystemTime": time}, [], now_s=NOON_S) == EngineCondition()


def test_a_time_in_another_zone_is_the_same_time() -> None:
    """Podman gives local time."""
    info = {"SystemTime": NOON.replace("T12", "T14").replace("Z", "+02:00")}
    assert read_condition(info, [], now_s=NOON_S).clock_skew_s == pytest.approx(0.0)
