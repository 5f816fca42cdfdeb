"""Containers with an agent in them: made, started, greeted, explained, ended."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs

from swamp_driver.agent import AgentConnection, agent_binary
from swamp_driver.errors import DriverError, LostError, ProtocolError
from swamp_driver.spec import RunContext, StepEnd, StepIO, StepRequest, StepResult
from swamp_driver_docker_ws._background import in_background
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_api import (
    ArchiveEntry,
    ContainerSpec,
    ContainerStream,
    Engine,
)
from swamp_driver_docker_ws._labels import NETWORK_LABEL, Role, labels_for, name_for, ours
from swamp_driver_docker_ws._network import has_own_network, network_key
from swamp_driver_docker_ws._translate import (
    Surroundings,
    translate_container,
    translate_helper,
    translate_holder,
    translate_step,
)

_HELLO_S = 30.0
"""A start on a machine that is busy with many others."""
_CLOSE_S = 5.0


@attrs.define(eq=False)
class AgentContainer:
    """A running container whose first process is an agent that we are connected to."""

    container_id: str
    name: str
    connection: AgentConnection
    _stream: ContainerStream
    _engine: Engine
    _began_at: float
    _on_close: Callable[[AgentContainer], None]

    def run_step(self, step: StepRequest, io: StepIO) -> StepResult:
        """Run a step in it; where contact is lost, the error or result says how it ended.

        Raises as `AgentConnection.run_step` does.
        """
        try:
            result = self.connection.run_step(step, io)
        except LostError as error:
            raise LostError(self.explain_loss(), last_words=self._stream.last_words()) from error
        if result.end is not StepEnd.LOST:
            return result
        return attrs.evolve(result, detail=self.explain_loss())

    def explain_loss(self) -> str:
        """Return in one line how contact was lost, with the last that the container said."""
        cause = self._engine.explain_end(self.container_id, since=self._began_at)
        words = self._stream.last_words()
        said = f"; its last words: {words.splitlines()[-1]}" if words else ""
        return f"contact with container '{self.name}' was lost: {cause}{said}"

    def cut(self) -> None:
        """End the connection at once, for an engine that does not answer: its steps are lost."""
        self._stream.close()

    def close(self) -> None:
        """End the agent and with it the container; the engine removes it by itself.

        Returns when the agent has ended, not when the container is gone. Twice is fine.
        """
        self.connection.close(_CLOSE_S)
        self._stream.close()
        self._on_close(self)


@attrs.define(eq=False)
class ContainerMaker:
    """Makes the containers of one binding. All methods may be called from any threads, at once."""

    engine: Engine
    config: DockerConfig
    run: RunContext
    around: Surroundings
    binding: str
    lease_s: float | None = None
    """How long each side waits for a sign of the other, where a connection can die silently."""
    _network: str | None = attrs.field(default=None, init=False)
    """The container whose network those for steps share."""
    _holder_labels: Mapping[Role, Mapping[str, str]] = attrs.field(factory=dict, init=False)
    _numbers: Iterator[int] = attrs.field(factory=itertools.count, init=False)
    _open_ones: set[AgentContainer] = attrs.field(factory=set, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def open(self, role: Role) -> AgentContainer:
        """Start a container for steps; return when its agent has said hello.

        Raises what the engine refuses, or `LostError` with its last words where it ended at once.
        """
        name, labels = self._identity(role)
        spec = translate_container(
            self.config, self.run, self.around, name=name, labels=labels, join=self._network
        )
        return self._open(spec)

    def join_network(self, *, own: Role | None = None) -> None:
        """Let the containers for steps share one network with all of the run that can.

        Call it before any of them is opened. Where no container of the run holds such a network
        yet, one is made for it; or the first of the role `own`, if any, will be the one.
        """
        if not self.run.services or not has_own_network(self.config):
            return
        key = network_key(self.config, userns_mode=self.around.user.userns_mode)
        wanted = {**ours(run_id=self.run.run_id), NETWORK_LABEL: key}
        found = [one for one in self.engine.find_containers(wanted) if one.state == "running"]
        if found:
            self._network = found[0].ref
        elif own is not None:
            self._holder_labels = {own: {NETWORK_LABEL: key}}
        else:
            self._holder_labels = {"network": {NETWORK_LABEL: key}}
            name, labels = self._identity("network")
            spec = translate_holder(self.config, self.run, self.around, name=name, labels=labels)
            self._network = self._open(spec).container_id

    @contextlib.contextmanager
    def helper(self) -> Iterator[AgentConnection]:
        """Provide an agent that is root in the run directory, and end it again."""
        name, labels = self._identity("helper")
        spec = translate_helper(self.config, self.run, self.around, name=name, labels=labels)
        container = self._open(spec)
        try:
            yield container.connection
        finally:
            container.close()

    def cut_all(self) -> None:
        """End the connections of all containers at once; see `AgentContainer.cut`."""
        for container in self._all():
            container.cut()

    def close_all(self) -> None:
        """End the agents of all containers, at the same time; see `AgentContainer.close`."""
        endings = [
            in_background(container.close, name="swamp-container-end") for container in self._all()
        ]
        for ending in endings:
            ending.result()

    @contextlib.contextmanager
    def stopped_helper(self) -> Iterator[str]:
        """Provide the id of a container that never runs, to copy files into and out of a volume."""
        name, labels = self._identity("helper")
        spec = translate_helper(self.config, self.run, self.around, name=name, labels=labels)
        container_id = self.engine.create_container(spec)
        try:
            yield container_id
        finally:
            self._discard(container_id)

    def translate_step(self, step: StepRequest) -> StepRequest:
        """Return the step with the environment that the options add."""
        return translate_step(self.config, step)

    def _all(self) -> list[AgentContainer]:
        with self._lock:
            return list(self._open_ones)

    def _identity(self, role: Role) -> tuple[str, dict[str, str]]:
        number = next(self._numbers)
        name = name_for(self.run.run_id, binding=self.binding, role=role, number=number)
        labels = labels_for(self.run, binding=self.binding, role=role, created_at=time.time())
        return name, {**labels, **self._holder_labels.get(role, {})}

    def _open(self, spec: ContainerSpec) -> AgentContainer:
        began_at = time.time()
        container_id = self.engine.create_container(spec)
        with contextlib.ExitStack() as undo:
            undo.callback(self._discard, container_id)
            self._put_agent(container_id)
            # Before the start: what an agent writes to nobody is lost, and its hello is the first.
            stream = self.engine.attach(container_id)
            undo.callback(stream.close)
            self.engine.start_container(container_id, spec=spec)
            connection = self._greet(container_id, spec.name, stream, began_at)
            undo.pop_all()
        container = AgentContainer(
            container_id=container_id,
            name=spec.name,
            connection=connection,
            stream=stream,
            engine=self.engine,
            began_at=began_at,
            on_close=self._forget,
        )
        with self._lock:
            self._open_ones.add(container)
        return container

    def _forget(self, container: AgentContainer) -> None:
        with self._lock:
            self._open_ones.discard(container)

    def _greet(
        self, container_id: str, name: str, stream: ContainerStream, began_at: float
    ) -> AgentConnection:
        try:
            return AgentConnection(
                stream,
                hello_timeout_s=_HELLO_S,
                peer=f"container '{name}'",
                lease_s=self.lease_s,
            )
        except (LostError, ProtocolError) as error:
            words = stream.last_words()
            cause = self.engine.explain_end(container_id, since=began_at)
            raise LostError(
                f"container '{name}' ended before it could run a step: {cause}", last_words=words
            ) from error

    def _put_agent(self, container_id: str) -> None:
        if self.around.agent.directory is None:
            path = self.around.agent.path
            content = Path(agent_binary(self.around.engine.machine)).read_bytes()
            self.engine.put_files(
                container_id,
                [
                    ArchiveEntry(path=str(Path(path).parent), mode=0o755),
                    ArchiveEntry(path=path, content=content, mode=0o755),
                ],
            )

    def _discard(self, container_id: str) -> None:
        with contextlib.suppress(DriverError):
            self.engine.remove_container(container_id)
