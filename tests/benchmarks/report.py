"""Figures as a Markdown table for people, and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

import attrs

from tests.benchmarks.measure import Figure

HEAD = """\
| | ours | baseline | ratio | goal | met | CPU ours | CPU baseline | |
|---|--:|--:|--:|--:|:-:|--:|--:|---|"""


def render_row(figure: Figure) -> str:
    """Return the figure as a row of a Markdown table with that head."""
    met = {None: "", True: "yes", False: "**no**"}[figure.is_met]
    cells = [
        figure.name,
        _amount(figure.subject, figure.unit),
        _amount(figure.baseline, figure.unit),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.goal,
        met,
        _amount(figure.cpu_ms, "ms"),
        _amount(figure.baseline_cpu_ms, "ms"),
        figure.note,
    ]
    return "| " + " | ".join(cells) + " |"


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def to_json(figures: Sequence[Figure]) -> dict[str, object]:
    """Return the figures and the machine that they were measured on."""
    return {
        "machine": {
            "processors": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "figures": [
            {**attrs.asdict(figure), "ratio": figure.ratio, "met": figure.is_met}
            for figure in figures
        ],
    }
