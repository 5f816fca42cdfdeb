"""The options of the docker drivers: what is taken, what is refused, and where."""

from __future__ import annotations

import pytest

from swamp_driver.errors import ConfigError
from swamp_driver.spec import Json, config_options, structure_config
from swamp_driver_docker_ws import (
    DockerConfig,
    DockerDriver,
    DockerSessionConfig,
    DockerSessionDriver,
    VolumeConfig,
)
from swamp_driver_docker_ws._config import parse_volume
from swamp_driver_docker_ws._sizes import parse_size


def problems_of(data: dict[str, Json], cls: type = DockerConfig) -> list[str]:
    """Return the problems that options have, one line each."""
    with pytest.raises(ConfigError) as caught:
        structure_config(cls, {"image": "busybox", **data})
    return [str(problem) for problem in caught.value.problems]


def test_an_image_is_all_that_is_needed() -> None:
    """The first line of every tutorial must work."""
    config = structure_config(DockerConfig, {"image": "node:20"})
    assert (config.image, config.mode, config.pull) == ("node:20", "per-step", "missing")


def test_every_option_has_a_help_text() -> None:
    """The reference and the error messages are made of them."""
    assert [option.key for option in config_options(DockerConfig) if not option.help] == []


def test_the_session_driver_takes_no_other_mode() -> None:
    """Its name says what it does; a contradiction must not be decided silently."""
    assert structure_config(DockerSessionConfig, {"image": "a"}).mode == "session"
    (line,) = problems_of({"mode": "per-step"}, DockerSessionConfig)
    assert line.startswith("mode: ")


@pytest.mark.parametrize("image", ["", "-v", "a b", "a\nb", "$(id)"])
def test_an_image_that_is_no_reference_is_refused(image: str) -> None:
    """A name goes to the engine and into a command line for a person."""
    (line,) = problems_of({"image": image})
    assert line.startswith("image: ")


def test_all_problems_come_at_once() -> None:
    """One run of `validate` is enough to repair a file."""
    lines = problems_of(
        {
            "memory": "much",
            "cpus": 0,
            "volumes": ["/only-source"],
            "extraArgs": ["--entrypoint=sh"],
            "timeout": -1,
        }
    )
    assert sorted(line.partition(":")[0] for line in lines) == [
        "cpus",
        "extraArgs",
        "memory",
        "timeout",
        "volumes",
    ]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 512 * 1024**2),
        ("2g", 2 * 1024**3),
        ("1.5G", 3 * 1024**3 // 2),
        ("64KiB", 65536),
        ("10 mb", 10 * 1024**2),
        (4096, 4096),
        ("4096", 4096),
    ],
)
def test_sizes_are_those_of_the_docker_command_line(text: int | str, size: int) -> None:
    """People copy them from there."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "m", "1x", "1e3", "0.0001"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """A limit that is silently none is worse than an error."""
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("/a:/b", VolumeConfig(source="/a", target="/b")),
        ("/a:/b:ro", VolumeConfig(source="/a", target="/b", read_only=True)),
        ("/a:/b:rw", VolumeConfig(source="/a", target="/b")),
        ("cache:/cache", VolumeConfig(source="cache", target="/cache")),
    ],
)
def test_volumes_have_the_short_form_of_docker(text: str, volume: VolumeConfig) -> None:
    """It is what existing workflows hold."""
    assert parse_volume(text) == volume


@pytest.mark.parametrize(
    "text", ["/a", ":/b", "/a:b", "/a:/b:z", "/a:/b:ro:x", "./a:/b", "a/b:/c", "~:/c", "a b:/c"]
)
def test_a_volume_of_another_form_is_refused(text: str) -> None:
    """An engine would guess what is meant, and make a directory of that name as root."""
    with pytest.raises(ValueError, match=r"volume|source"):
        parse_volume(text)


def test_a_volume_as_a_mapping_takes_any_path() -> None:
    """The short form breaks on colons."""
    config = structure_config(
        DockerConfig,
        {"image": "a", "volumes": [{"source": "/a:b", "target": "/c:d", "readOnly": True}]},
    )
    assert config.volumes == (VolumeConfig(source="/a:b", target="/c:d", read_only=True),)


@pytest.mark.parametrize("driver", [DockerDriver, DockerSessionDriver])
def test_the_samples_say_the_truth(driver: type[DockerDriver]) -> None:
    """The conformance suite and the documents are built on them."""
    for sample in driver.info.good_configs:
        structure_config(driver.info.config, sample.data)
    for sample in driver.info.bad_configs:
        with pytest.raises(ConfigError):
            structure_config(driver.info.config, sample.data)
