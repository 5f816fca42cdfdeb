"""How runs differ, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from swamp_driver.cli._durations import format_duration
from swamp_driver.cli._fields import Fields
from swamp_driver.cli._style import Role, Style
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import plural
from swamp_driver.host.parity import Comparison, Difference, DifferenceKind, Trace

_TITLES: dict[DifferenceKind, str] = {
    "run": "the run as a whole",
    "path": "where steps find themselves",
    "step": "how steps ended",
    "stream": "what steps printed",
    "output": "what steps wrote to $SWAMP_OUTPUT",
    "files": "what steps handed on",
    "env": "variables that steps have",
    "tree": "files in the workspace",
}
_MOST_SHOWN = 40
"""Of one kind: who has more to read takes `--json`."""


def render_trace(trace: Trace, *, style: Style) -> Iterator[str]:
    """Yield how one run went: for whoever waits for the next one."""
    took = format_duration(trace.duration_s)
    status = trace.status.value
    name = style.paint(escape_controls(trace.label), "strong")
    yield f"{style.mark(status)} {name}: run {trace.run_id} {status}, {took}"
    for error in (*trace.errors, *trace.left):
        yield f"    {style.paint('error:', 'bad')} {escape_controls(error)}"


def render_comparison(comparison: Comparison, *, fields: Fields) -> Iterator[str]:
    """Yield all differences by kind, or that there are none."""
    style = fields.style
    sides = f"{comparison.reference} and {comparison.other}"
    if not comparison.differences:
        yield f"{style.mark('succeeded')} {escape_controls(sides)} are equal{_left_out(comparison)}"
    for kind, title in _TITLES.items():
        found = [one for one in comparison.differences if one.kind == kind]
        if found:
            yield style.paint(title, "strong")
            yield from _kind(found, fields)
            yield ""
    if comparison.differences:
        words = plural(len(comparison.differences), "difference")
        yield (f"{style.mark('failed')} {escape_controls(sides)}: {words}{_left_out(comparison)}")
    for note in comparison.notes:
        yield from fields.paragraph(f"not compared: {note}", role="warn")


def _left_out(comparison: Comparison) -> str:
    return f" ({len(comparison.ignored)} ignored)" if comparison.ignored else ""


def _kind(found: Sequence[Difference], fields: Fields) -> Iterator[str]:
    for one in found[:_MOST_SHOWN]:
        yield from fields.hanging(f"{one.subject}: {one.what}", indent=2)
        for line in one.detail:
            yield fields.clipped(line, indent=6, role=_DIFF_ROLES.get(line[:1], "quiet"))
    if len(found) > _MOST_SHOWN:
        yield f"  and {len(found) - _MOST_SHOWN} more: --json has all of them"


_DIFF_ROLES: dict[str, Role] = {"-": "bad", "+": "good"}


def parity_to_json(traces: Sequence[Trace], comparisons: Sequence[Comparison]) -> dict[str, object]:
    """Return what was run and how it differs; `equal` is null where nothing was compared."""
    return {
        "equal": not any(one.differences for one in comparisons) if comparisons else None,
        "runs": [
            {
                "label": trace.label,
                "runId": trace.run_id,
                "status": trace.status.value,
                "exitCode": trace.exit_code,
                "durationS": trace.duration_s,
                "errors": [*trace.errors],
                "left": [*trace.left],
                "files": len(trace.tree.entries),
                "steps": len(trace.steps),
            }
            for trace in traces
        ],
        "comparisons": [attrs.asdict(one) for one in comparisons],
    }
