"""An engine without containers: what it starts are processes of this machine.

It keeps the promises of `Engine` (test_engine.py holds it and the real one to them), counts what it
is asked, and can be told to fail or to wait at any call.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.agent import PipeStream
from swamp_driver.errors import ConfigError, Problem, UnavailableError
from swamp_driver.spec import CancelToken, Progress
from swamp_driver_docker_ws._engine_api import (
    ArchiveEntry,
    ContainerSpec,
    EngineCondition,
    EngineInfo,
    Found,
    Image,
)
from swamp_driver_docker_ws._refusals import not_shared

_IDS = itertools.count()


@attrs.define(eq=False)
class FakeContainer:
    """A container: a process, once it is started."""

    ref: str
    spec: ContainerSpec
    stream: FakeStream | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def host_config(self) -> Mapping[str, Any]:
        """What the engine was asked for."""
        found: Any = self.spec.body["HostConfig"]
        return dict(found)

    @property
    def state(self) -> str:
        """As the engine calls it."""
        if self.process is None:
            return "created"
        return "running" if self.process.poll() is None else "exited"


class FakeStream:
    """The streams of a container; there is nothing to read before its start."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._pipes: PipeStream | None = None
        self._early = b""

    def connect(self, pipes: PipeStream | None) -> None:
        """Begin to pass on what the process writes; None where it never starts."""
        if pipes is not None and self._early:
            pipes.write(self._early)
        self._pipes = pipes
        self._started.set()

    def read(self, max_bytes: int, /) -> bytes:
        """Wait for the start, then for output."""
        self._started.wait()
        return b"" if self._pipes is None else self._pipes.read(max_bytes)

    def write(self, data: bytes, /) -> None:
        """Write to the process."""
        if self._pipes is None:
            self._early += data
        else:
            self._pipes.write(data)

    def close(self) -> None:
        """End the connection."""
        self._started.set()
        if self._pipes is not None:
            self._pipes.close()

    def last_words(self) -> str:
        """Return nothing: the fake has no stderr."""
        return ""


class FakeEngine:
    """See the module; `before` is called with the name of each call, and may raise or wait."""

    def __init__(self, *, images: Mapping[str, Image] | None = None) -> None:
        self.images = dict(images or {"busybox": Image(image_id="1")})
        self.before: Callable[[str], None] = lambda _: None
        self.calls: Counter[str] = Counter()
        self.containers: dict[str, FakeContainer] = {}
        self.volumes: dict[str, Mapping[str, str]] = {}
        self.made = 0
        self._lock = threading.Lock()

    def _note(self, call: str) -> None:
        with self._lock:
            self.calls[call] += 1
        self.before(call)

    def info(self) -> EngineInfo:
        """See `Engine.info`."""
        self._note("info")
        return EngineInfo(product="Docker", version="0", machine=os.uname().machine)

    def examine(self) -> EngineCondition:
        """See `Engine.examine`."""
        self._note("examine")
        return EngineCondition(networks=("bridge",), cgroup_version=2)

    def is_alive(self) -> bool:
        """See `Engine.is_alive`."""
        try:
            self._note("is_alive")
        except UnavailableError:
            return False
        return True

    def find_image(self, name: str) -> Image | None:
        """See `Engine.find_image`."""
        self._note("find_image")
        return self.images.get(name)

    def pull_image(
        self,
        name: str,
        *,
        platform: str | None,
        report: Callable[[Progress], None],
        cancel: CancelToken,
    ) -> None:
        """See `Engine.pull_image`."""
        self._note("pull_image")
        if cancel.cancelled:
            raise UnavailableError("cancelled")
        report(Progress(phase="pull", resource=name, finished=True))
        self.images[name] = Image(image_id="pulled")

    def create_container(self, spec: ContainerSpec) -> str:
        """See `Engine.create_container`."""
        self._note("create_container")
        container = FakeContainer(ref=f"c{next(_IDS)}", spec=spec)
        if spec.body["Image"] not in self.images:
            raise ConfigError([Problem(path="image", what="no such image")])
        for mount in container.host_config["Mounts"]:
            if mount["Type"] == "bind" and not Path(mount["Source"]).exists():
                raise not_shared(spec.run_dir, "bind source path does not exist")
        with self._lock:
            self.containers[container.ref] = container
            self.made += 1
        return container.ref

    def put_files(self, container_id: str, entries: Sequence[ArchiveEntry]) -> None:
        """See `Engine.put_files`: a process has no files of its own."""
        self._note("put_files")

    def get_files(self, container_id: str, path: str) -> Iterator[bytes]:
        """See `Engine.get_files`."""
        self._note("get_files")
        yield from ()

    def attach(self, container_id: str) -> FakeStream:
        """See `Engine.attach`."""
        self._note("attach")
        stream = FakeStream()
        self.containers[container_id].stream = stream
        return stream

    def start_container(self, container_id: str, *, spec: ContainerSpec) -> None:
        """See `Engine.start_container`."""
        self._note("start_container")
        container = self.containers[container_id]
        entry: Any = spec.body["Entrypoint"]
        process = subprocess.Popen(
            entry, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env={"PATH": os.defpath}
        )
        assert process.stdin is not None
        assert process.stdout is not None
        container.process = process
        pipes = PipeStream(
            read_fd=os.dup(process.stdout.fileno()), write_fd=os.dup(process.stdin.fileno())
        )
        process.stdin.close()
        process.stdout.close()
        assert container.stream is not None
        container.stream.connect(pipes)
        threading.Thread(target=self._remove_at_end, args=(container,), daemon=True).start()

    def _remove_at_end(self, container: FakeContainer) -> None:
        assert container.process is not None
        container.process.wait()
        if container.host_config["AutoRemove"]:
            self.containers.pop(container.ref, None)

    def find_containers(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """See `Engine.find_containers`."""
        self._note("find_containers")
        found = []
        for container in list(self.containers.values()):
            own: Any = container.spec.body["Labels"]
            if labels.items() <= own.items():
                name, state = container.spec.name, container.state
                found.append(Found(ref=container.ref, name=name, labels=own, state=state))
        return tuple(found)

    def remove_container(self, container_id: str) -> None:
        """See `Engine.remove_container`."""
        self._note("remove_container")
        container = self.containers.pop(container_id, None)
        if container is not None and container.process is not None:
            container.process.kill()
            container.process.wait()
        elif container is not None and container.stream is not None:
            container.stream.connect(None)

    def explain_end(self, container_id: str, *, since: float) -> str:
        """See `Engine.explain_end`."""
        self._note("explain_end")
        return "the fake ended it"

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """See `Engine.create_volume`."""
        self._note("create_volume")
        self.volumes.setdefault(name, dict(labels))

    def find_volumes(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """See `Engine.find_volumes`."""
        self._note("find_volumes")
        return tuple(
            Found(ref=name, name=name, labels=own)
            for name, own in self.volumes.items()
            if labels.items() <= own.items()
        )

    def remove_volume(self, name: str) -> None:
        """See `Engine.remove_volume`."""
        self._note("remove_volume")
        self.volumes.pop(name, None)

    def close(self) -> None:
        """See `Engine.close`."""
        self._note("close")
