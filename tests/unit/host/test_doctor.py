"""What was seen of a host, and what a driver said -> findings."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver.host.doctor import HostSurvey, PlaceSurvey, judge_driver, judge_host
from swamp_driver.host.doctor._ask import DriverAnswers


def a_place(path: str = "/root/.cache/swamp-driver", **fields: Any) -> PlaceSurvey:
    """Return a directory that is as it should be."""
    defaults: dict[str, Any] = {
        "free_bytes": 50 << 30,
        "free_inodes": 1_000_000,
        "file_system": "ext4",
        "owner_uid": 1000,
    }
    return PlaceSurvey(path=path, **(defaults | fields))


def findings(**fields: Any) -> dict[str, tuple[str, str]]:
    """Return what is not ok on a host that differs in these fields: check -> level and text."""
    defaults: dict[str, Any] = {
        "root": a_place(),
        "state": a_place("/root/.local/state/swamp-driver"),
        "temporary": a_place("/tmp"),
        "store_error": None,
        "time_s": 1_800_000_000.0,
        "open_files": 4096,
        "uid": 1000,
    }
    section = judge_host(HostSurvey(**(defaults | fields)))
    odd: dict[str, tuple[str, str]] = {
        one.check: (one.level, one.what) for one in section.findings if one.level != "ok"
    }
    assert section.has_problem is any(level == "problem" for level, _ in odd.values())
    assert all(one.fix for one in section.findings if one.level != "ok")
    return odd


def test_a_host_that_is_well_has_only_good_findings() -> None:
    """Also where a file system does not count inodes, and the directory is not there yet."""
    assert findings() == {}
    assert findings(root=a_place(free_inodes=None, owner_uid=None)) == {}


@pytest.mark.parametrize(
    ("root", "check", "level", "words"),
    [
        ({"error": "permission denied"}, "workspaces", "problem", "permission denied"),
        ({"free_bytes": 1000}, "space", "problem", "no space"),
        ({"free_bytes": 500 << 20}, "space", "warning", "500 MiB"),
        ({"free_inodes": 3}, "space", "problem", "no inodes"),
        ({"free_inodes": 3000}, "space", "warning", "3000 more files"),
        ({"path": "/a b"}, "path", "warning", "' '"),
        ({"path": "/a:b"}, "path", "warning", "':'"),
        ({"path": "/" + "x" * 80}, "path", "warning", "81 characters"),
        ({"noexec": True}, "programs", "problem", "noexec"),
        ({"file_system": "nfs4"}, "file system", "warning", "nfs4"),
        ({"file_system": "fuse.sshfs"}, "file system", "warning", "sshfs"),
        ({"owner_uid": 0}, "owner", "warning", "belongs to user 0"),
        ({"open_to_others": True}, "owner", "warning", "others may write"),
        ({"clock_skew_s": 5.0}, "clock", "warning", "+5.0 s"),
    ],
)
def test_a_root_that_does_not_do(root: dict[str, Any], check: str, level: str, words: str) -> None:
    """One finding for each cause, and no other."""
    (found,) = findings(root=a_place(**root)).items()
    assert found[0] == check
    assert found[1][0] == level
    assert words in found[1][1]


@pytest.mark.parametrize(
    ("host", "check", "level"),
    [
        ({"store_error": "it is damaged"}, "records", "problem"),
        ({"state": a_place(file_system="nfs")}, "records", "warning"),
        ({"temporary": a_place(error="read-only")}, "temporary", "problem"),
        ({"time_s": 0.0}, "clock", "problem"),
        ({"open_files": 256}, "limits", "warning"),
    ],
)
def test_a_host_that_does_not_do(host: dict[str, Any], check: str, level: str) -> None:
    """What is not about the root."""
    (found,) = findings(**host).items()
    assert (found[0], found[1][0]) == (check, level)


LOADED = {"origin": "acme 1, acme:Driver", "api": "1.0", "summary": "somewhere"}
WELL = {"available": True, "detail": "all is there", "fix": None, "warnings": [], "facts": {}}
TRIED = {
    "root": "/root/.cache/swamp-driver",
    "status": "succeeded",
    "errors": [],
    "seconds": 0.2,
    "detail": "",
    "end": "succeeded",
    "exitCode": 0,
    "outputs": {"user": "0:0", "system": "Linux x86_64"},
}


def answers(**fields: Any) -> DriverAnswers:
    """Return what a driver said that works."""
    defaults: dict[str, Any] = {
        "loaded": LOADED,
        "probed": WELL,
        "was_probed": True,
        "tried": (TRIED,),
    }
    return DriverAnswers(name="acme", **(defaults | fields))


def judged(**fields: Any) -> list[tuple[str, str, str, str | None]]:
    """Return the findings about a driver."""
    section = judge_driver(answers(**fields))
    return [(one.check, one.level, one.what, one.fix) for one in section.findings]


def test_a_driver_that_works() -> None:
    """What it is, where it works, and that it has worked."""
    assert judged() == [
        ("loads", "ok", "acme 1, acme:Driver, contract 1.0", None),
        ("works here", "ok", "all is there", None),
        (
            "runs a step",
            "ok",
            "as user 0:0 on Linux x86_64, in 0.2 s; it sees the same workspace",
            None,
        ),
    ]


def test_warnings_of_a_driver_are_passed_on() -> None:
    """It knows its place better than the host does."""
    found = judged(probed={**WELL, "warnings": ["slow"]})
    assert ("works here", "warning", "slow", None) in found


def test_a_driver_that_cannot_work_says_what_to_do() -> None:
    """No step is tried then, and that needs no words."""
    probed = {**WELL, "available": False, "detail": "no engine", "fix": "start it"}
    assert judged(probed=probed, untried=[], tried=()) == judged(
        probed=probed, untried=["image"], tried=()
    )
    found = judged(probed=probed, untried=[], tried=())
    assert found[1:] == [("works here", "problem", "no engine", "start it")]


def test_a_driver_that_needs_options_says_which() -> None:
    """The command can be typed as it stands, but for the value."""
    found = judged(untried=["image"], tried=())
    assert found[2] == (
        "runs a step",
        "skipped",
        "not tried: that needs the option image",
        "swamp-driver doctor acme -c image=...",
    )


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        ({"status": "broken", "errors": ["no disk"], "end": None}, "no disk"),
        (
            {"status": "failed", "end": "failed", "exitCode": 2, "detail": "odd"},
            "the step ended as 'failed' with exit code 2: odd",
        ),
        ({"status": "failed", "end": "lost", "exitCode": None}, "the step ended as 'lost'"),
        ({"status": "failed", "end": None, "exitCode": None}, "the step was never started"),
    ],
)
def test_a_step_that_did_not_succeed(tried: dict[str, Any], words: str) -> None:
    """In its place the reason is a problem; in another place it is a warning."""
    check, level, what, _ = judged(tried=({**TRIED, **tried},))[2]
    assert (check, level, what) == ("runs a step", "problem", words)
    other = {**TRIED, **tried, "root": "/tmp/swamp-doctor-x"}
    check, level, what, _ = judged(tried=(TRIED, other))[3]
    assert (check, level, what) == ("other files", "warning", f"'/tmp': {words}")


@pytest.mark.parametrize(
    ("said", "check", "what"),
    [
        ({"loaded": None, "was_probed": False}, "loads", "importing it: no answer"),
        ({"was_probed": False}, "works here", "asking it: no answer"),
        ({"tried": ()}, "runs a step", "running it: no answer"),
    ],
)
def test_where_a_driver_hangs_is_said(said: dict[str, Any], check: str, what: str) -> None:
    """That is where one has to look."""
    broken = attrs.evolve(answers(**said), error="no answer", broke_off=True)
    last = judge_driver(broken).findings[-1]
    assert (last.check, last.level, last.what) == (check, "problem", what)
