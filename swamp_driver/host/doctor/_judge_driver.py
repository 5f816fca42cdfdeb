"""What a driver said -> findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from swamp_driver.host.doctor._ask import DriverAnswers
from swamp_driver.host.doctor._findings import Finding, Section


def judge_driver(answers: DriverAnswers) -> Section:
    """Return what is in order with a driver, what may surprise, and what will fail."""
    return Section(name=f"driver {answers.name}", findings=tuple(_findings(answers)))


def _findings(answers: DriverAnswers) -> Iterator[Finding]:
    loaded = answers.loaded
    if loaded is None:
        yield _broken("loads", answers, "importing it: ")
        return
    what = f"{loaded['origin']}, contract {loaded['api']}"
    yield Finding(check="loads", level="ok", what=what)
    if not answers.was_probed:
        yield _broken("works here", answers, "asking it: ")
        return
    yield from _probed(answers.probed)
    for number, tried in enumerate(answers.tried):
        yield _tried(tried, is_first=number == 0)
    if answers.error is not None:
        yield _broken("runs a step", answers, "running it: ")
    elif answers.untried and (answers.probed or {}).get("available", True):
        options = " ".join(f"-c {name}=..." for name in answers.untried)
        yield Finding(
            check="runs a step",
            level="skipped",
            what=f"not tried: that needs the option {', '.join(answers.untried)}",
            fix=f"swamp-driver doctor {answers.name} {options}",
        )


def _broken(check: str, answers: DriverAnswers, doing: str) -> Finding:
    what = answers.error or "it said nothing"
    if answers.broke_off:
        what = f"{doing}{what}"
    return Finding(check=check, level="problem", what=what, fix=answers.fix)


def _probed(probed: Mapping[str, Any] | None) -> Iterator[Finding]:
    if probed is None:
        yield Finding(check="works here", level="skipped", what="it does not offer to be asked")
        return
    yield Finding(
        check="works here",
        level="ok" if probed["available"] else "problem",
        what=probed["detail"],
        fix=probed["fix"],
    )
    for warning in probed["warnings"]:
        yield Finding(check="works here", level="warning", what=warning)


def _tried(tried: Mapping[str, Any], *, is_first: bool) -> Finding:
    """Return what a trial says: the first is where runs are, the others where people put files."""
    check = "runs a step" if is_first else "other files"
    place = tried["root"].rpartition("/")[0]
    if tried["status"] != "succeeded":
        what = _why(tried) if is_first else f"'{place}': {_why(tried)}"
        fix = _fix(tried) if is_first else "keep what you mount and share elsewhere"
        return Finding(check=check, level="problem" if is_first else "warning", what=what, fix=fix)
    if not is_first:
        return Finding(check=check, level="ok", what=f"its steps see '{place}' as this host does")
    outputs = tried["outputs"]
    facts = [f"as user {outputs.get('user', '?')}", f"on {outputs.get('system', '?')}"]
    return Finding(
        check=check,
        level="ok",
        what=f"{' '.join(facts)}, in {tried['seconds']:.1f} s; it sees the same workspace",
    )


def _fix(tried: Mapping[str, Any]) -> str | None:
    if "/bin/sh" in tried["detail"] and tried["end"] is None:
        return "take an image that has a shell: 'run' needs /bin/sh"
    return None


def _why(tried: Mapping[str, Any]) -> str:
    if tried["errors"]:
        return "; ".join(tried["errors"])
    if tried["end"] is None:
        return str(tried["detail"]) or "the step was never started"
    words = f"the step ended as '{tried['end']}'"
    if tried["exitCode"]:
        words += f" with exit code {tried['exitCode']}"
    return f"{words}: {tried['detail']}" if tried["detail"] else words
