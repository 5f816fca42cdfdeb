"""What engines say when they refuse, and what it means: text -> typed error. Pure.

Engines answer with a number that means little (500 for a wrong user name, 400 for a missing
program) and a sentence. The sentences here were taken from Docker 20.10 to 28 and Podman 4.
"""

from __future__ import annotations

import re

import attrs

from swamp_driver.errors import ConfigError, DriverError, Problem, UnavailableError, WorkspaceError

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@|(?<=[?&])[^\s\"']+")


@attrs.frozen(kw_only=True)
class _Option:
    """The value of an option is refused."""

    key: str
    hint: str | None = None


@attrs.frozen(kw_only=True)
class _Missing:
    """The engine lacks something that it needs."""

    reason: str
    fix: str
    retryable: bool = False


_MEANINGS: tuple[tuple[str, _Option | _Missing], ...] = (
    (
        "could not find bridge|bridge .* not found",
        _Missing(
            reason="the engine has no bridge network",
            fix="set 'network: host' or 'network: none', or restart the engine with a bridge",
        ),
    ),
    ("no space left on device", _Missing(reason="the engine's disk is full", fix="free space")),
    ("no such image|image not known", _Option(key="image")),
    (
        "invalid reference format|does not match the specified platform|unknown operating",
        _Option(key="image"),
    ),
    ("memoryswap|memory-swap", _Option(key="extraArgs")),
    ("memory limit", _Option(key="memory")),
    ("range of cpus", _Option(key="cpus")),
    (
        "unable to find user|uids and gids must|no matching entries in passwd",
        _Option(key="user", hint="'uid:gid' works in every image"),
    ),
    ("network .* not found|no such network|unable to find network", _Option(key="network")),
    ("no such container", _Option(key="network")),
    (
        (
            "mount config|bind source path|duplicate mount|volume name|mount path|"
            "mounts denied|path .* is not shared"
        ),
        _Option(key="volumes"),
    ),
    (
        (
            "capadd|capdrop|capability|rlimit|ulimit|runtime specified|sysctl|device|"
            "security-opt|seccomp|apparmor|shm size|requested cpus|unable to find group|"
            "sethostname|add-host|tmpfs|ipc mode|pids limit|hostname"
        ),
        _Option(key="extraArgs"),
    ),
)

_PULL_MEANINGS: tuple[tuple[str, _Missing], ...] = (
    (
        "toomanyrequests|rate limit",
        _Missing(
            reason="the registry's rate limit is reached",
            fix="wait, or log in to the registry",
            retryable=True,
        ),
    ),
    (
        "no matching manifest|does not match the specified platform|unsupported platform",
        _Missing(
            reason="the image does not exist for this platform",
            fix="choose another image, or set '--platform' in 'extraArgs'",
        ),
    ),
    (
        (
            "unauthorized|authentication required|no basic auth|access denied|denied:|"
            "forbidden|incorrect username"
        ),
        _Missing(
            reason="the registry refuses access",
            fix="log in with 'docker login', or check the image's name",
        ),
    ),
    ("no space left on device", _Missing(reason="the engine's disk is full", fix="free space")),
    (
        "manifest unknown|not found|does not exist|name unknown",
        _Missing(reason="the image does not exist", fix="check its name and tag"),
    ),
    (
        (
            "dial tcp|no such host|connection refused|timeout|timed out|tls|eof|reset by peer|"
            "temporar|unavailable|50[0-9]|canceled"
        ),
        _Missing(
            reason="the registry cannot be reached from the engine",
            fix="check the engine's network, or the image's name",
            retryable=True,
        ),
    ),
)

_NOT_SHARED = (
    "the engine does not see the run directory of this machine: it may run elsewhere, in a virtual "
    "machine that does not share this path, or confined (snap), or this program itself runs in a "
    "container; set 'storage: volume', or SWAMP_DRIVER_ROOT to a directory that both see"
)


def without_credentials(text: str) -> str:
    """Return an engine's text without the user, password and tokens that its URLs may hold."""
    return _CREDENTIALS.sub("…", text)


def explain_refusal(text: str, *, run_dir: str) -> DriverError:
    """Return the error that a refused container means."""
    said = without_credentials(text).strip()
    if run_dir and run_dir in said:
        return not_shared(run_dir, said)
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            if isinstance(meaning, _Missing):
                return _unavailable(meaning, said)
            what = f"the engine refuses it: {said}"
            return ConfigError([Problem(path=meaning.key, what=what, hint=meaning.hint)])
    return UnavailableError(f"the engine cannot start a container: {said}")


def not_shared(run_dir: str, seen: str) -> WorkspaceError:
    """Return the error for a run directory that the two sides do not share."""
    return WorkspaceError(
        f"'{run_dir}' is not the same directory in the container: {seen}; {_NOT_SHARED}"
    )


def explain_pull(text: str, *, image: str) -> UnavailableError | ConfigError:
    """Return the error that a failed pull means."""
    said = without_credentials(text).strip()
    if "invalid reference format" in said:
        return ConfigError([Problem(path="image", what=f"'{image}' is not the name of an image")])
    for pattern, meaning in _PULL_MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return _unavailable(meaning, f"image '{image}': {said}")
    return UnavailableError(f"the engine cannot pull the image '{image}': {said}")


def _unavailable(meaning: _Missing, said: str) -> UnavailableError:
    return UnavailableError(
        f"{meaning.reason}: {said}", fix=meaning.fix, retryable=meaning.retryable
    )


def explain_unreachable(text: str, *, url: str) -> UnavailableError:
    """Return the error that a broken or silent connection to the engine means."""
    said = without_credentials(text)
    if "timed out" in said.lower():
        return UnavailableError(
            f"the engine at '{url}' does not answer", fix="restart the engine", retryable=True
        )
    if "Permission denied" in said:
        return UnavailableError(
            f"the engine at '{url}' may not be used by this user",
            fix="join the group of its socket ('docker'), or run as root",
        )
    return UnavailableError(
        f"the engine at '{url}' cannot be reached: {said}",
        fix="start the engine, or set 'host' or DOCKER_HOST",
        retryable=True,
    )
