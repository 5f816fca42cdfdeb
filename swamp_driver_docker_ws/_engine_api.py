"""What the drivers need of an engine: values, and a protocol that a fake can keep too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import attrs

from swamp_driver.spec import CancelToken, Json, Progress


@attrs.frozen(kw_only=True)
class EngineInfo:
    """What an engine says of itself."""

    product: str
    """`Docker` or `Podman`."""
    version: str
    machine: str
    """The processor of its host, as `uname -m` says it: which agent runs there."""
    rootless: bool = False
    remapped: bool = False
    """Users of containers are other users outside (`userns-remap`)."""


@attrs.frozen(kw_only=True)
class EngineCondition:
    """What of an engine decides how well it works: for whoever looks for a cause."""

    system: str = ""
    """What it runs on, in its own words: `Debian GNU/Linux 12`, `Docker Desktop`."""
    data_root: str = ""
    networks: tuple[str, ...] = ()
    cgroup_version: int | None = None
    limits_memory: bool = True
    selinux: bool = False
    clock_skew_s: float = 0.0
    """How far its clock is ahead of this machine's."""


@attrs.frozen(kw_only=True)
class Image:
    """What an image says that matters to a step."""

    image_id: str
    user: str = ""
    volumes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ContainerSpec:
    """A container as it shall be made: every decision is in it."""

    name: str
    body: Mapping[str, Json]
    """What `POST /containers/create` takes."""
    platform: str | None = None
    run_dir: str
    """For messages: a mount of it that is refused is not the user's mistake."""


@attrs.frozen(kw_only=True)
class Found:
    """A container or volume as a listing shows it."""

    ref: str
    """The id of a container, the name of a volume."""
    name: str
    labels: Mapping[str, str]
    state: str = ""
    """`created`, `running`, `exited`, `removing`, ... of a container."""


@attrs.frozen(kw_only=True)
class ArchiveEntry:
    """A file (with content) or a directory (without) to put into a container."""

    path: str
    content: bytes | None = None
    mode: int
    uid: int = 0
    gid: int = 0


class ContainerStream(Protocol):
    """The stdin and stdout of a container: a byte stream to an agent."""

    def read(self, max_bytes: int) -> bytes:
        """Return what comes next, `b""` when the container ended or contact is lost."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of it. Raises OSError where the connection ended."""
        ...

    def close(self) -> None:
        """End the connection: the container's stdin ends, a reader wakes up. Twice is fine."""
        ...

    def last_words(self) -> str:
        """Return the end of what the container wrote to its stderr."""
        ...


class Engine(Protocol):
    """An engine. All methods may be called from any threads, at once.

    Every method answers within the engine's time limits. They raise `UnavailableError` where the
    engine cannot be reached or does not answer, and typed errors for what it refuses. Nothing is
    retried unless it says so.
    """

    def info(self) -> EngineInfo:
        """Return what the engine is; the first call on it, with a short time limit."""
        ...

    def examine(self) -> EngineCondition:
        """Return in which condition the engine is; two calls that no run needs."""
        ...

    def is_alive(self) -> bool:
        """Return whether the engine answers within 20 s. Never raises."""
        ...

    def find_image(self, name: str) -> Image | None:
        """Return an image that the engine has, or None."""
        ...

    def pull_image(
        self,
        name: str,
        *,
        platform: str | None,
        report: Callable[[Progress], None],
        cancel: CancelToken,
    ) -> None:
        """Pull an image. Gives up with `UnavailableError` when `cancel` is set."""
        ...

    def create_container(self, spec: ContainerSpec) -> str:
        """Make a container, not yet started; return its id.

        Raises `ConfigError` with the option that the engine refuses, `WorkspaceError` where it is
        the run directory.
        """
        ...

    def put_files(self, container_id: str, entries: Sequence[ArchiveEntry]) -> None:
        """Put files into a container, also one that was not started, or into its volumes."""
        ...

    def get_files(self, container_id: str, path: str) -> Iterator[bytes]:
        """Yield a directory of a container, also of one that was not started, as a tar archive."""
        ...

    def attach(self, container_id: str) -> ContainerStream:
        """Connect to a container's streams. Before its start: afterwards output may be lost."""
        ...

    def start_container(self, container_id: str, *, spec: ContainerSpec) -> None:
        """Start a container; raises as `create_container` does."""
        ...

    def find_containers(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """Return all containers, running or not, that bear all these labels."""
        ...

    def remove_container(self, container_id: str) -> None:
        """Kill and remove a container and its anonymous volumes; fine where it is gone or going.

        Returns when the engine has taken the order: look with `find_containers` when it is done.
        """
        ...

    def explain_end(self, container_id: str, *, since: float) -> str:
        """Return how a container ended, in words, as the engine remembers it.

        `since` is in seconds since the epoch. Never raises: where the engine cannot be asked, that
        is the answer.
        """
        ...

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make a named volume, empty."""
        ...

    def find_volumes(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """Return all volumes that bear all these labels."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove a volume; fine where it is gone. Raises `TeardownError` where it is in use."""
        ...

    def close(self) -> None:
        """Let go of all connections; streams end. Twice is fine."""
        ...
