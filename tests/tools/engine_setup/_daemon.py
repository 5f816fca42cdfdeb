"""Find an engine; else install one, start it, and stop again what was started here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from engine_setup import _api

PACKAGES = (
    *("docker.io", "iptables", "busybox-static", "docker-registry", "mmdebstrap"),
    *("bubblewrap", "openssh-server"),  # for the example drivers
)
PROGRAMS = (
    *("dockerd", "iptables", "busybox", "docker-registry", "mmdebstrap"),
    *("bwrap", "sshd"),
)
_READY_S = 60.0


def cache_dir() -> Path:
    """Return where downloads, built images, the daemon's pid and its log are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(base) / "swamp-driver-tests"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _pid_file() -> Path:
    return cache_dir() / "dockerd.pid"


def _log_file() -> Path:
    return cache_dir() / "dockerd.log"


def own_pid() -> int | None:
    """Return the pid of the daemon that `start` started, if it lives."""
    try:
        pid = int(_pid_file().read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(_pid_file()).encode() in command.split(b"\0") else None


def install_packages() -> tuple[str, ...]:
    """Install what is missing from the configured package sources; return what was asked for."""
    missing = [
        package
        for package, program in zip(PACKAGES, PROGRAMS, strict=True)
        if shutil.which(program) is None
    ]
    if not missing:
        return ()
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-q"], check=True, **quiet)  # type: ignore[call-overload]
    if shutil.which("docker") is None and _has_package("docker-cli"):
        # From Debian 13 on the client is a package of its own; the benchmarks compare with it.
        missing.append("docker-cli")
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]
    # The packages would start daemons of their own; `start` starts ours, where it is wanted.
    with _no_service_starts():
        subprocess.run(command, check=True, **quiet)  # type: ignore[call-overload]
    return tuple(missing)


def _has_package(name: str) -> bool:
    found = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)
    return found.returncode == 0


class _no_service_starts:  # noqa: N801 - used as a function
    """Keep maintainer scripts from starting services while packages are installed."""

    _policy = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self._ours = not self._policy.exists()
        if self._ours:
            self._policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
            self._policy.chmod(0o755)

    def __exit__(self, *_: object) -> None:
        if self._ours:
            self._policy.unlink(missing_ok=True)


def start() -> str:
    """Start a daemon in the background and wait until it answers; return its version.

    It holds none of this program's descriptors: a caller that reads our output to the end must not
    wait for the daemon.
    """
    with _log_file().open("ab") as log:
        daemon = subprocess.Popen(
            ["dockerd", "--pidfile", str(_pid_file())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if version := _api.version():
            return version
        if daemon.poll() is not None:
            break
        time.sleep(0.1)
    tail = "\n".join(_log_file().read_text(errors="replace").splitlines()[-10:])
    message = f"dockerd did not become ready; the end of {_log_file()}:\n{tail}"
    raise SystemExit(message)


def stop() -> bool:
    """Stop the daemon that `start` started, and no other; return whether there was one."""
    pid = own_pid()
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _READY_S
    while own_pid() is not None:
        if time.monotonic() > deadline:
            message = f"dockerd (pid {pid}) does not stop"
            raise SystemExit(message)
        time.sleep(0.1)
    _pid_file().unlink(missing_ok=True)
    return True
