"""The flags of `docker run` that are taken, and the answer to those that are not."""

from __future__ import annotations

import pytest

from swamp_driver_docker_ws._extra_args import EXTRA_FLAGS, ExtraArgs, parse_extra_args


def test_flags_become_fields_of_the_api() -> None:
    """Nothing of a command line is left when the container is made."""
    assert parse_extra_args(
        [
            "--shm-size=1g",
            "--cap-drop",
            "ALL",
            "--cap-add=NET_ADMIN",
            "--cap-add=SYS_PTRACE",
            "--add-host=db:10.0.0.1",
            "--tmpfs=/scratch:size=64m",
            "--ulimit",
            "nofile=1024:2048",
            "--read-only",
            "--init",
            "--hostname=box",
            "--platform=linux/arm64",
            "--gpus=all",
            "--device=/dev/kvm",
            "--sysctl=net.core.somaxconn=1",
            "--memory-swap=-1",
        ]
    ) == ExtraArgs(
        host_config={
            "ShmSize": 1024**3,
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_ADMIN", "SYS_PTRACE"],
            "ExtraHosts": ["db:10.0.0.1"],
            "Tmpfs": {"/scratch": "size=64m"},
            "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
            "ReadonlyRootfs": True,
            "DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}],
            "Devices": [
                {
                    "PathOnHost": "/dev/kvm",
                    "PathInContainer": "/dev/kvm",
                    "CgroupPermissions": "rwm",
                }
            ],
            "Sysctls": {"net.core.somaxconn": "1"},
            "MemorySwap": -1,
        },
        hostname="box",
        platform="linux/arm64",
    )


def test_an_unknown_flag_is_answered_with_the_list() -> None:
    """The list is closed, so it can be shown."""
    with pytest.raises(ValueError, match="'--detach'") as caught:
        parse_extra_args(["--detach"])
    assert all(f"--{flag}" in str(caught.value) for flag in EXTRA_FLAGS)


@pytest.mark.parametrize(
    ("arg", "instead"),
    [
        ("-v", "volumes"),
        ("--volume=/a:/b", "volumes"),
        ("--mount=type=bind", "volumes"),
        ("-e", "env"),
        ("--user=0", "user"),
        ("--network=host", "network"),
        ("--memory=1g", "memory"),
        ("--workdir=/", "workingDir"),
    ],
)
def test_a_flag_that_is_an_option_names_the_option(arg: str, instead: str) -> None:
    """Whoever comes from the command line finds the way."""
    with pytest.raises(ValueError, match=instead):
        parse_extra_args([arg])


@pytest.mark.parametrize(
    "args",
    [
        ["--shm-size"],
        ["--shm-size=big"],
        ["--pids-limit=few"],
        ["--ulimit=nofile"],
        ["--device=kvm"],
        ["--sysctl=a"],
        ["--read-only=maybe"],
        ["shm-size=1g"],
        ["--gpus=device=0"],
    ],
)
def test_a_value_that_does_not_fit_is_refused(args: list[str]) -> None:
    """While the file is read, not when a container starts."""
    with pytest.raises(ValueError, match=r"."):
        parse_extra_args(args)
