"""The engine itself: what it is asked, and where its errors become ours.

The only module that knows the SDK, which pulls images (registries, credential helpers, progress);
containers are driven by a dozen plain calls, without the 140 ms that the SDK takes to import.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from swamp_driver.errors import TeardownError, UnavailableError
from swamp_driver.spec import CancelToken, Progress
from swamp_driver_docker_ws._attach import AttachStream
from swamp_driver_docker_ws._calls import Calls
from swamp_driver_docker_ws._death import explain_events, read_events
from swamp_driver_docker_ws._dial import Dialer
from swamp_driver_docker_ws._engine_api import (
    ArchiveEntry,
    ContainerSpec,
    ContainerStream,
    EngineCondition,
    EngineInfo,
    Found,
    Image,
)
from swamp_driver_docker_ws._engine_ref import EngineRef
from swamp_driver_docker_ws._http import RefusedError
from swamp_driver_docker_ws._refusals import explain_pull, explain_refusal, explain_unreachable

if TYPE_CHECKING:
    import docker

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

    Connects at the first call, and for each call anew.
    """

    def __init__(self, ref: EngineRef, *, quick_s: int = _QUICK_S, ping_s: int = _PING_S) -> None:
        """Note the address; the time limits of quick calls and of `is_alive` are for tests."""
        self.ref = ref
        self._ping_s = ping_s
        self._dial = Dialer(ref)
        self._calls = Calls(self._dial, quick_s=quick_s)

    def info(self) -> EngineInfo:
        """See `Engine.info`."""
        with self._errors():
            info = self._calls.json("GET", "/info")
            is_podman = self._calls.is_podman
        security = " ".join(info.get("SecurityOptions") or ())
        return EngineInfo(
            product="Podman" if is_podman else "Docker",
            version=str(info.get("ServerVersion", "")),
            machine=str(info.get("Architecture", "")),
            rootless="name=rootless" in security,
            remapped="name=userns" in security,
        )

    def examine(self) -> EngineCondition:
        """See `Engine.examine`."""
        from swamp_driver_docker_ws._condition import read_condition  # noqa: PLC0415 - no run does

        with self._errors():
            info = self._calls.json("GET", "/info")
            return read_condition(info, self._calls.json("GET", "/networks"), now_s=time.time())

    def is_alive(self) -> bool:
        """See `Engine.is_alive`."""
        try:
            self._calls.ping(timeout_s=self._ping_s)
        except (OSError, RefusedError, UnavailableError):
            return False
        return True

    def find_image(self, name: str) -> Image | None:
        """See `Engine.find_image`."""
        with self._errors():
            try:
                found = self._calls.json("GET", f"/images/{quote(name, safe='/:@')}/json")
            except RefusedError as error:
                if error.status == _NOT_FOUND:
                    return None
                raise
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
        from swamp_driver_docker_ws._pull import follow_pull  # noqa: PLC0415 - mostly it is there

        def begin() -> Iterator[Mapping[str, Any]]:
            with self._errors(image=name):
                yield from _sdk_pull(self._dial.url, self.ref, name, platform)

        follow_pull(name, begin, report=report, cancel=cancel, is_alive=self.is_alive)

    def create_container(self, spec: ContainerSpec) -> str:
        """See `Engine.create_container`."""
        query = {"name": spec.name}
        if spec.platform is not None:
            query["platform"] = spec.platform
        with self._errors(spec):
            made = self._calls.json(
                "POST",
                "/containers/create",
                query=query,
                body=json.dumps(dict(spec.body)).encode(),
                timeout_s=_PATIENT_S,
            )
        return str(made["Id"])

    def put_files(self, container_id: str, entries: Sequence[ArchiveEntry]) -> None:
        """See `Engine.put_files`."""
        from swamp_driver_docker_ws._archive import tar_of  # noqa: PLC0415 - rare

        with self._errors():
            self._calls.json(
                "PUT",
                f"/containers/{container_id}/archive",
                query={"path": "/"},
                body=tar_of(entries),
                content_type="application/x-tar",
                timeout_s=_PATIENT_S,
            )

    def get_files(self, container_id: str, path: str) -> Iterator[bytes]:
        """See `Engine.get_files`."""
        with self._errors():
            yield from self._calls.stream(
                f"/containers/{container_id}/archive", {"path": path}, timeout_s=_PATIENT_S
            )

    def attach(self, container_id: str) -> ContainerStream:
        """See `Engine.attach`."""
        query = dict.fromkeys(("stdin", "stdout", "stderr", "stream"), "1")
        with self._errors():
            path = f"/containers/{container_id}/attach"
            return AttachStream(self._calls.hijack(path, query, timeout_s=_PATIENT_S))

    def start_container(self, container_id: str, *, spec: ContainerSpec) -> None:
        """See `Engine.start_container`."""
        with self._errors(spec):
            self._calls.json("POST", f"/containers/{container_id}/start", timeout_s=_PATIENT_S)

    def find_containers(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """See `Engine.find_containers`."""
        with self._errors():
            found = self._calls.json(
                "GET", "/containers/json", query={"all": "1", "filters": _by_labels(labels)}
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
        self._remove(f"/containers/{container_id}", {"force": "1", "v": "1"}, container_id[:12])

    def explain_end(self, container_id: str, *, since: float) -> str:
        """See `Engine.explain_end`."""
        query = {
            "since": f"{since - 1:.6f}",
            "until": f"{time.time() + _EVENTS_WAIT_S:.6f}",
            "filters": json.dumps({"container": [container_id], "type": ["container"]}),
        }
        try:
            with self._errors():
                events = self._calls.stream("/events", query)
                with contextlib.closing(events):
                    return explain_events(read_events(events))
        except UnavailableError as error:
            return str(error)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """See `Engine.create_volume`."""
        body = json.dumps({"Name": name, "Labels": dict(labels)}).encode()
        with self._errors():
            self._calls.json("POST", "/volumes/create", body=body, timeout_s=_PATIENT_S)

    def find_volumes(self, labels: Mapping[str, str]) -> tuple[Found, ...]:
        """See `Engine.find_volumes`."""
        with self._errors():
            found = self._calls.json("GET", "/volumes", query={"filters": _by_labels(labels)})
        return tuple(
            Found(ref=one["Name"], name=one["Name"], labels=one.get("Labels") or {})
            for one in found.get("Volumes") or ()
        )

    def remove_volume(self, name: str) -> None:
        """See `Engine.remove_volume`."""
        self._remove(f"/volumes/{quote(name, safe='')}", {}, name, but_not=(_CONFLICT,))

    def close(self) -> None:
        """See `Engine.close`."""
        self._dial.close()

    def _remove(
        self, path: str, query: Mapping[str, str], name: str, *, but_not: tuple[int, ...] = ()
    ) -> None:
        """Order a removal; what is gone, or going by another's order, is fine."""
        with self._errors():
            try:
                self._calls.json("DELETE", path, query=query, timeout_s=_PATIENT_S)
            except RefusedError as error:
                # Podman answers 500 for most of what it cannot do.
                fine = {_NOT_FOUND, _CONFLICT}.difference(but_not)
                if error.status not in fine and "no such" not in error.message.lower():
                    what = f"'{name}': {error.message}"
                    raise TeardownError(what, left=[what]) from error

    @contextlib.contextmanager
    def _errors(
        self, spec: ContainerSpec | None = None, *, image: str | None = None
    ) -> Iterator[None]:
        """Turn refusals and broken connections into our errors."""
        try:
            yield
        except RefusedError as error:
            if image is not None:
                raise explain_pull(error.message, image=image) from error
            run_dir = spec.run_dir if spec is not None else ""
            raise explain_refusal(error.message, run_dir=run_dir) from error
        except OSError as error:
            raise explain_unreachable(str(error), url=self.ref.url) from error


def _by_labels(labels: Mapping[str, str]) -> str:
    return json.dumps({"label": [f"{key}={value}" for key, value in labels.items()]})


def _sdk_client(url: str, ref: EngineRef) -> docker.APIClient:
    """Return a client of the SDK, whose waits all end."""
    import docker  # noqa: PLC0415 - 140 ms
    import docker.tls  # noqa: PLC0415

    class Client(docker.APIClient):
        """The SDK takes proxies and authorities from the environment, which are for others."""

        @property
        def trust_env(self) -> bool:
            return False

        @trust_env.setter
        def trust_env(self, _: bool) -> None:
            pass

        def send(self, request: Any, **options: Any) -> Any:
            # Some of its calls, a pull for one, would wait for ever.
            options["timeout"] = options.get("timeout") or self.timeout
            return super().send(request, **options)

    tls: docker.tls.TLSConfig | bool = False
    if ref.cert_path is not None:
        certs = Path(ref.cert_path)
        tls = docker.tls.TLSConfig(
            client_cert=(str(certs / "cert.pem"), str(certs / "key.pem")),
            ca_cert=str(certs / "ca.pem"),
            verify=True,
        )
    if url.startswith("unix://"):
        # Where nobody listens the SDK leaves its own socket open.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_QUICK_S)
            probe.connect(url.removeprefix("unix://"))
    return Client(base_url=url, version="auto", tls=tls, timeout=_PULL_SILENCE_S)


def _sdk_pull(
    url: str, ref: EngineRef, name: str, platform: str | None
) -> Iterator[Mapping[str, Any]]:
    """Pull an image; yield the engine's reports. Raises as `_http.fetch` does."""
    import docker.errors  # noqa: PLC0415 - 140 ms
    from docker.utils import parse_repository_tag  # noqa: PLC0415

    repository, tag = parse_repository_tag(name)
    try:
        with contextlib.closing(_sdk_client(url, ref)) as client:
            yield from client.pull(
                repository, tag=tag or "latest", platform=platform, stream=True, decode=True
            )
    except docker.errors.APIError as error:
        status = error.response.status_code if error.response is not None else 0
        raise RefusedError(status, str(error.explanation or error)) from error
    except docker.errors.DockerException as error:
        raise OSError(str(error)) from error
