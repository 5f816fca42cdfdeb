"""Reading, checking and planning a workflow file of 2,000 lines."""

from __future__ import annotations

from pathlib import Path

from swamp_driver.host import load_workflow_text, plan
from tests.benchmarks.measure import Figure, interleave

LINES = 2_000


def large_text(lines: int) -> str:
    """Return a workflow of about that many lines, with what such files are made of."""
    text = [
        "name: large",
        "inputs:",
        "  versions: {type: array, items: {type: string}, default: ['1', '2', '3']}",
        "jobs:",
    ]
    number = 0
    while len(text) < lines:
        text += _job(number)
        number += 1
    return "\n".join(text) + "\n"


def _job(number: int) -> list[str]:
    before = number - 1
    return [
        f"  - name: job-{number}",
        *(
            [f"    dependsOn: [{{job: job-{before}, condition: {{type: completed}}}}]"]
            * (number > 0)
        ),
        "    steps:",
        "      - name: fetch",
        "        env:",
        "          VERSIONS: ${{ inputs.versions }}",
        "        run: |",
        "          mkdir -p out",
        '          echo "$VERSIONS" > out/versions',
        "      - name: build-${{ self.version }}",
        "        forEach: {item: version, in: '${{ inputs.versions }}'}",
        "        dependsOn:",
        "          - step: fetch",
        "            condition: {type: succeeded}",
        "        allowFailure: true",
        "        run: |",
        "          echo building ${{ self.version }} in ${{ workspace.path }}",
        "      - name: report",
        "        dependsOn:",
        "          - step: build-${{ self.version }}",
        "            condition: {type: or, conditions: [{type: succeeded}, {type: failed}]}",
        "        run: cat out/*",
    ]


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the time from text to plan."""
    text = large_text(LINES)
    timings = interleave({"plan": lambda: plan(load_workflow_text(text))}, rounds=rounds)
    return [
        Figure(
            name=f"from {len(text.splitlines()):,} lines to a plan",
            subject=timings["plan"].median_s * 1e3,
            baseline=None,
            unit="ms",
            goal="<= 300 ms",
            cpu_ms=timings["plan"].cpu_s * 1e3,
        )
    ]
