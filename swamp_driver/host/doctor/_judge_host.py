"""What was seen of this host -> findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.host.doctor._findings import Finding, Section
from swamp_driver.host.doctor._survey import HostSurvey, PlaceSurvey

_GIB = 1 << 30
_MIB = 1 << 20
_LITTLE_BYTES = _GIB
_NO_BYTES = 32 * _MIB
_FEW_INODES = 20_000
_NO_INODES = 500
_LONG_ROOT = 60
"""Where a step makes a socket in its $TMPDIR there are 47 more characters before its name, and the
address of a socket may have 107."""
_SHORT = "set SWAMP_DRIVER_ROOT to a short path of letters, digits, '-', '_', '.' and '/'"
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "fuse", "virtiofs", "vboxsf")
_BUILT_AT_S = 1_735_689_600.0  # 2025: no clock that is right is before this program
_SKEW_S = 2.0
_FEW_FILES = 1024


def judge_host(survey: HostSurvey) -> Section:
    """Return what is in order on this host, what may surprise, and what will fail."""
    return Section(
        name="this host",
        findings=(
            *_writable("workspaces", survey.root, "SWAMP_DRIVER_ROOT"),
            *_space(survey.root),
            *_path(survey.root),
            *_programs(survey.root),
            *_network(survey.root),
            *_owner(survey.root, survey.uid),
            *_records(survey),
            *_writable("temporary", survey.temporary, "TMPDIR"),
            *_clock(survey),
            *_limits(survey),
        ),
    )


def _ok(check: str, what: str) -> Finding:
    return Finding(check=check, level="ok", what=what)


def _warning(check: str, what: str, fix: str) -> Finding:
    return Finding(check=check, level="warning", what=what, fix=fix)


def _problem(check: str, what: str, fix: str) -> Finding:
    return Finding(check=check, level="problem", what=what, fix=fix)


def _writable(check: str, place: PlaceSurvey, variable: str) -> Iterator[Finding]:
    if place.error is not None:
        what = f"'{place.path}' cannot be written to: {place.error}"
        yield _problem(check, what, f"set {variable} to a directory that you can write to")
    else:
        link = f" (a symlink, '{place.given}', leads there)" if place.given else ""
        yield _ok(check, f"'{place.path}' can be written to{link}")


def _space(place: PlaceSurvey) -> Iterator[Finding]:
    fix = "free some: 'swamp-driver gc', 'swamp-driver workspace list'; or set SWAMP_DRIVER_ROOT"
    if place.free_bytes is None:
        return
    words = f"{place.free_bytes / _GIB:.1f} GiB are free"
    if place.free_bytes < _GIB:
        words = f"{place.free_bytes / _MIB:.0f} MiB are free"
    if place.free_bytes < _NO_BYTES:
        yield _problem("space", f"no space: {words} where workspaces are made", fix)
    elif place.free_bytes < _LITTLE_BYTES:
        yield _warning("space", f"only {words} where workspaces are made", fix)
    elif place.free_inodes is None or place.free_inodes >= _FEW_INODES:
        yield _ok("space", words)
    if place.free_inodes is not None and place.free_inodes < _FEW_INODES:
        many = f"{place.free_inodes} more files can be made where workspaces are"
        if place.free_inodes < _NO_INODES:
            yield _problem("space", f"no inodes: only {many}", fix)
        else:
            yield _warning("space", f"only {many}", fix)


def _path(place: PlaceSurvey) -> Iterator[Finding]:
    odd = sorted({char for char in place.path if char.isspace() or char in ":,;\"'\\$`*?"})
    if odd:
        shown = " ".join(repr(char) for char in odd)
        yield _warning("path", f"it has {shown} in it, which many programs do not expect", _SHORT)
    if len(place.path) > _LONG_ROOT:
        what = (
            f"it has {len(place.path)} characters: sockets in $TMPDIR may get addresses that are "
            "too long"
        )
        yield _warning("path", what, _SHORT)
    if not odd and len(place.path) <= _LONG_ROOT:
        yield _ok("path", f"{len(place.path)} characters, none of them odd")


def _programs(place: PlaceSurvey) -> Iterator[Finding]:
    if place.noexec:
        what = "the file system is mounted noexec: no program in a workspace can be started"
        yield _problem("programs", what, "set SWAMP_DRIVER_ROOT, or mount it without noexec")


def _network(place: PlaceSurvey) -> Iterator[Finding]:
    if place.file_system.startswith(_NETWORK):
        what = f"workspaces are on '{place.file_system}': slow, and locks may not hold"
        yield _warning("file system", what, "set SWAMP_DRIVER_ROOT to a local directory")


def _owner(place: PlaceSurvey, uid: int) -> Iterator[Finding]:
    if place.owner_uid not in (None, uid):
        what = f"'{place.path}' belongs to user {place.owner_uid}, and you are {uid}"
        yield _warning("owner", what, f"chown it, or set SWAMP_DRIVER_ROOT: {place.path}")
    if place.open_to_others:
        what = f"others may write to '{place.path}', so they can replace what steps use"
        yield _warning("owner", what, f"chmod go-w '{place.path}'")


def _records(survey: HostSurvey) -> Iterator[Finding]:
    place = survey.state
    if survey.store_error is not None:
        what = f"the records in '{place.path}' cannot be used: {survey.store_error}"
        yield _problem("records", what, "set SWAMP_DRIVER_STATE, or move the directory away")
    elif place.file_system.startswith(_NETWORK):
        what = f"the records are on '{place.file_system}', where SQLite cannot share them"
        yield _warning("records", what, "set SWAMP_DRIVER_STATE to a local directory")
    else:
        yield _ok("records", f"'{place.path}' can be used")


def _clock(survey: HostSurvey) -> Iterator[Finding]:
    skew = survey.root.clock_skew_s
    if survey.time_s < _BUILT_AT_S:
        yield _problem("clock", "it stands before this program was made", "set the clock")
    elif abs(skew) > _SKEW_S:
        what = f"new files in the workspaces' directory are {skew:+.1f} s off this host's clock"
        yield _warning("clock", what, "let both sides ask a time server")
    else:
        yield _ok("clock", "it goes with the file system's")


def _limits(survey: HostSurvey) -> Iterator[Finding]:
    if survey.open_files < _FEW_FILES:
        what = f"this process may open {survey.open_files} files: many parallel steps need more"
        yield _warning("limits", what, "ulimit -n 4096")
