"""What the evaluations say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from swamp_driver.reports import Report, ReportContext, report


@report(scope="workflow", description="The configurations compared: who passes most.")
def eval_analysis(context: ReportContext) -> Report | None:
    """Compare the results of all configurations."""
    results = [one.attributes for one in context.data.find(spec="result")]
    if not results:
        return None
    results.sort(key=lambda one: (-one["passed"], one["configuration"]))
    hardest = Counter(failure["test"] for one in results for failure in one["failures"])
    lines = ["# Evaluations compared", "", "| configuration | answered by | passed | failed |"]
    lines += ["|---|---|---|---|"]
    lines += [
        f"| {one['configuration']} | {one['provider']} | {one['passed']} | {one['failed']} |"
        for one in results
    ]
    lines += ["", f"Best: **{results[0]['configuration']}**."]
    lines += [f"- {count} fail: {test}" for test, count in sorted(hardest.items())]
    return Report(
        "\n".join(lines),
        {
            "best": results[0]["configuration"],
            "passed": {one["configuration"]: one["passed"] for one in results},
            "overlap": _overlap(results),
        },
    )


def _overlap(results: list[Mapping[str, Any]]) -> int:
    """Return how many evaluations ran at the same time, at most."""
    starts = [(one["started_at"], 1) for one in results]
    ends = [(one["started_at"] + one["duration_ms"] / 1000, -1) for one in results]
    running = most = 0
    for _, change in sorted([*starts, *ends]):
        running += change
        most = max(most, running)
    return most
