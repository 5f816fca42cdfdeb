"""The engine through its SDK: the only module that knows it, and where its errors become ours."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swamp_driver.errors import TeardownError, UnavailableError
from swamp_driver.spec import CancelToken, Progress
from swamp_driver_docker_ws._archive import tar_of
from swamp_driver_docker_ws._attach import AttachStream
from swamp_driver_docker_ws._death import explain_events
from swamp_driver_docker_ws._engine_api import (
    ArchiveEntry,
    ContainerSpec,
    ContainerStream,
    EngineInfo,
    Found,
    Image,
)
from swamp_driver_docker_ws._engine_ref import EngineRef
from swamp_driver_docker_ws._pull import follow_pull
from swamp_driver_docker_ws._refusals import explain_pull, explain_refusal, explain_unreachable
from swamp_driver_docker_ws._tunnel import Tunnel

if TYPE_CHECKING:
    import docker
    import docker.errors
    import docker.tls

_QUICK_S = 10
"""For what an engine answers at once, if it answers."""
_PING_S = 20
_PATIENT_S = 120
"""For starts and removals, which take seconds on a busy machine."""
_PULL_SILENCE_S = 600
_EVENTS_WAIT_S = 2.0

_NOT_FOUND = 404
_CONFLICT = 409


class DockerEngine:
    """An `Engine` behind the Docker API: Docker itself, or Podman's service.

    Connects at the first call. Holds a few connections until `close`.
    """

    def __init__(self, ref: EngineRef, *, quick_s: int = _QUICK_S, ping_s: int = _PING_S) -> None:
        """Note the address; the time limits of quick calls and of `is_alive` are for tests."""
        self.ref = ref
        self._quick_s = quick_s
        self._ping_s = ping_s
        self._lock = threading.Lock()
        self._clients: dict[int, docker.APIClient] = {}
        self._version: str | None = None
        self._closed = False
        self._tunnel: Tunnel | None = None

    def info(self) -> EngineInfo:
        """See `Engine.info`."""
        with self._errors():
            info = self._client(self._quick_s).info()
        security = " ".join(info.get("SecurityOptions") or ())
        return EngineInfo(
            product="Podman" if "podman" in _product_text(info) else "Docker",
            version=str(info.get("ServerVersion", "")),
            machine=str(info.get("Architecture", "")),
            rootless="name=rootless" in security,
            remapped="name=userns" in security,
        )

    def find_image(self, name: str) -> Image | None:
        """See `Engine.find_image`."""
        import docker.errors  # noqa: PLC0415 - slow, and loaded by now

        with self._errors():
            try:
                found = self._client(self._quick_s).inspect_image(name)  # type: ignore[no-untyped-call]
            except docker.errors.NotFound:
                return None
        config = found.get("Config") or {}
        return Image(
            image_id=found["Id"],
            user=config.get("User") or "",
            volumes=tuple(config.get("Volumes") or ()),
        )

    def pull_image(
        self,
        name: str,
        *,
        platform: str | None,
        report: Callable[[Progress], None],
        cancel: CancelToken,
    ) -> None:
        """See `Engine.pull_image`."""
        import docker.errors  # noqa: PLC0415 - slow, and loaded by now
        from docker.utils import parse_repository_tag  # noqa: PLC0415

        repository, tag = parse_repository_tag(name)

        def begin() -> Iterator[dict[str, Any]]:
            try:
                reports: Iterator[dict[str, Any]] = self._client(_PULL_SILENCE_S).pull(
                    repository, tag=tag or "latest", platform=platform, stream=True, decode=True
                )
            except docker.errors.APIError as error:
                raise explain_pull(_said(error), image=name) from error
            return reports

        with self._errors():
            follow_pull(name, begin, report=report, cancel=cancel, is_alive=self.is_alive)

    def create_container(self, spec: ContainerSpec) -> str:
        """See `Engine.create_container`."""
        with self._errors(spec):
            made = self._client(_PATIENT_S).create_container_from_config(  # type: ignore[no-untyped-call]
                dict(spec.body), name=spec.name, platform=spec.platform
            )
        return str(made["Id"])

    def put_files(self, container_id: str, entries: Sequence[ArchiveEntry]) -> None:
        """See `Engine.put_files`."""
        with self._errors():
            self._client(_PATIENT_S).put_archive(container_id, "/", tar_of(entries))

    def get_files(self, container_id: str, path: str) -> Iterator[bytes]:
        """See `Engine.get_files`."""
        with self._errors():
            chunks, _ = self._client(_PATIENT_S).get_archive(container_id, path)
            yield from chunks

    def attach(self, container_id: str) -> ContainerStream:
        """See `Engine.attach`."""
        with self._errors():
            response = self._client(_PATIENT_S).attach_socket(
                container_id, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            )
        # The SDK hands out the reading half; the socket itself is behind it, but not under TLS.
        return AttachStream(
            getattr(response, "_sock", response), release=partial(_release, response)
        )

    def start_container(self, container_id: str, *, spec: ContainerSpec) -> None:
        """See `Engine.start_container`."""
        with self._errors(spec):
            self._client(_PATIENT_S).start(container_id)

    def find_containers(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """See `Engine.find_containers`."""
        with self._errors():
            found = self._client(self._quick_s).containers(
                all=True, filters={"label": _label_filter(labels)}
            )
        return tuple(
            Found(
                ref=one["Id"],
                name=(one.get("Names") or [one["Id"]])[0].lstrip("/"),
                labels=one.get("Labels") or {},
                state=str(one.get("State", "")),
            )
            for one in found
        )

    def remove_container(self, container_id: str) -> None:
        """See `Engine.remove_container`."""
        import docker.errors  # noqa: PLC0415 - slow, and loaded by now

        with self._errors():
            try:
                self._client(_PATIENT_S).remove_container(container_id, force=True, v=True)
            except docker.errors.APIError as error:
                if _status(error) not in (_NOT_FOUND, _CONFLICT) and "no such" not in _said(error):
                    what = f"container '{container_id[:12]}': {_said(error)}"
                    raise TeardownError(what, left=[what]) from error

    def explain_end(self, container_id: str, *, since: float) -> str:
        """See `Engine.explain_end`."""
        until = time.time() + _EVENTS_WAIT_S
        try:
            with self._errors():
                events = self._client(self._quick_s).events(  # type: ignore[call-overload]
                    since=f"{since - 1:.6f}",
                    until=f"{until:.6f}",
                    filters={"container": container_id, "type": "container"},
                    decode=True,
                )
                with contextlib.closing(events):
                    return explain_events(events)
        except UnavailableError as error:
            return str(error)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """See `Engine.create_volume`."""
        with self._errors():
            self._client(_PATIENT_S).create_volume(name, labels=dict(labels))

    def find_volumes(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """See `Engine.find_volumes`."""
        with self._errors():
            found = self._client(self._quick_s).volumes(filters={"label": _label_filter(labels)})
        return tuple(
            Found(ref=one["Name"], name=one["Name"], labels=one.get("Labels") or {})
            for one in found.get("Volumes") or ()
        )

    def remove_volume(self, name: str) -> None:
        """See `Engine.remove_volume`."""
        import docker.errors  # noqa: PLC0415 - slow, and loaded by now

        with self._errors():
            try:
                self._client(_PATIENT_S).remove_volume(name)
            except docker.errors.APIError as error:
                if _status(error) != _NOT_FOUND and "no such volume" not in _said(error):
                    what = f"volume '{name}': {_said(error)}"
                    raise TeardownError(what, left=[what]) from error

    def close(self) -> None:
        """See `Engine.close`."""
        with self._lock:
            self._closed = True
            clients, self._clients = list(self._clients.values()), {}
            tunnel, self._tunnel = self._tunnel, None
        for client in clients:
            client.close()
        if tunnel is not None:
            tunnel.close()

    def is_alive(self) -> bool:
        """See `Engine.is_alive`."""
        try:
            with self._errors():
                return bool(self._client(self._ping_s).ping())
        except UnavailableError:
            return False

    def _client(self, timeout_s: int) -> docker.APIClient:
        """Return a client with this time limit for whatever it waits for.

        The versions are agreed on by the first one.
        """
        with self._lock:
            if self._closed:
                raise UnavailableError("the connection to the engine was closed")
            if timeout_s not in self._clients:
                self._clients[timeout_s] = self._connect(timeout_s)
            return self._clients[timeout_s]

    def _connect(self, timeout_s: int) -> docker.APIClient:
        import docker  # noqa: PLC0415 - 100 ms
        import docker.tls  # noqa: PLC0415

        class Client(docker.APIClient):
            """The SDK waits for ever in some calls (attach, events); this one in none."""

            @property
            def trust_env(self) -> bool:
                """Proxies, and authorities for them, are in the environment for other peers."""
                return False

            @trust_env.setter
            def trust_env(self, _: bool) -> None:
                pass

            def send(self, request: Any, **options: Any) -> Any:
                _check_socket(url)
                options["timeout"] = options.get("timeout") or self.timeout
                return super().send(request, **options)

        url = self.ref.url
        tls: docker.tls.TLSConfig | bool = False
        if url.startswith("ssh://"):
            self._tunnel = self._tunnel or Tunnel(url)
            url = self._tunnel.url
        if self.ref.cert_path is not None:
            certs = Path(self.ref.cert_path)
            tls = docker.tls.TLSConfig(
                client_cert=(str(certs / "cert.pem"), str(certs / "key.pem")),
                ca_cert=str(certs / "ca.pem"),
                verify=True,
            )
        quick = self._version is None
        client = Client(
            base_url=url,
            version=self._version or "auto",
            tls=tls,
            timeout=self._quick_s if quick else timeout_s,
        )
        client.timeout = timeout_s
        self._version = str(client.api_version)
        return client

    @contextlib.contextmanager
    def _errors(self, spec: ContainerSpec | None = None) -> Iterator[None]:
        """Turn what the SDK raises into our errors; let through what is one."""
        try:
            yield
        except Exception as error:
            import docker.errors  # noqa: PLC0415 - slow, and loaded by now

            # The SDK's and its HTTP library's errors are OSErrors as well, most of them.
            if isinstance(error, docker.errors.APIError):
                run_dir = spec.run_dir if spec is not None else ""
                raise explain_refusal(_said(error), run_dir=run_dir) from error
            if isinstance(error, docker.errors.DockerException | OSError) or _is_transport(error):
                raise explain_unreachable(str(error), url=self.ref.url) from error
            raise


def _check_socket(url: str) -> None:
    """Raise OSError where nobody listens: the SDK would leave its own socket open then."""
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_QUICK_S)
            probe.connect(url.removeprefix("unix://"))


def _release(response: Any) -> None:
    """Let go of the SDK's objects around a connection: each keeps its descriptor open."""
    for holder in (response, getattr(response, "_response", None)):
        if holder is not None:
            # What reads it may be closed already, and says so.
            with contextlib.suppress(OSError, ValueError):
                holder.close()


def _is_transport(error: Exception) -> bool:
    return type(error).__module__.startswith(("urllib3.", "http.client"))


def _said(error: docker.errors.APIError) -> str:
    return str(error.explanation or error)


def _status(error: docker.errors.APIError) -> int:
    return error.response.status_code if error.response is not None else 0


def _product_text(info: Mapping[str, Any]) -> str:
    return f"{info.get('InitBinary', '')} {info.get('DockerRootDir', '')}".lower()


def _label_filter(labels: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in labels.items()]
