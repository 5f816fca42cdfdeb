"""Findings for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from swamp_driver.cli._fields import Fields
from swamp_driver.cli._style import Role
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import plural
from swamp_driver.host.doctor import Level, Section

_MARKS: dict[Level, str] = {
    "ok": "succeeded",
    "skipped": "skipped",
    "warning": "allowed",
    "problem": "failed",
}
_ROLES: dict[Level, Role | None] = {
    "ok": None,
    "skipped": "quiet",
    "warning": "warn",
    "problem": "bad",
}


def render_sections(sections: Sequence[Section], *, fields: Fields) -> Iterator[str]:
    """Yield all findings, those with a fix followed by it, and a line that sums up."""
    for section in sections:
        yield fields.style.paint(escape_controls(section.name), "strong")
        for one in section.findings:
            mark = fields.style.mark(_MARKS[one.level])
            lines = fields.render(one.check, one.what, indent=4, role=_ROLES[one.level])
            yield f"  {mark} {next(lines)[4:]}"
            yield from lines
            if one.fix:
                word = "try" if one.level == "skipped" else "fix"
                yield from fields.render("", f"{word}: {one.fix}", indent=4, role="active")
        yield ""
    yield _summary(sections)


def _summary(sections: Sequence[Section]) -> str:
    counts = dict.fromkeys(_MARKS, 0)
    for section in sections:
        for one in section.findings:
            counts[one.level] += 1
    if not counts["problem"] + counts["warning"]:
        return "all is well"
    return ", ".join(
        plural(counts[level], level) for level in ("problem", "warning") if counts[level]
    )


def sections_to_json(sections: Sequence[Section]) -> dict[str, object]:
    """Return all findings."""
    return {
        "ok": not any(section.has_problem for section in sections),
        "sections": [attrs.asdict(section) for section in sections],
    }
