"""What one evaluation came to."""

from __future__ import annotations

from swamp_driver.reports import Report, ReportContext, report


@report(
    scope="method",
    description="Which tests of an evaluation failed, and why.",
    model_types=("ci/promptfoo_eval",),
)
def eval_result(context: ReportContext) -> Report | None:
    """Report on the evaluation that has just ended."""
    step = context.step
    written = [one for one in context.data.find(spec="result") if step and one.step_id == step.id]
    if not written:
        return None  # it did not come so far
    result = written[0].attributes
    total = result["passed"] + result["failed"] + result["errors"]
    lines = [f"**{result['configuration']}** passes {result['passed']} of {total}."]
    lines += [f"- {one['test']}: {one['reason']}" for one in result["failures"]]
    return Report("\n".join(lines), {"passed": result["passed"], "total": total})
