"""Write reports: functions that look at a run and say in words and figures how it went.

A report is a function in `extensions/reports/*.py` of a repository, or one that an installed
distribution offers in the entry point group `swamp.reports`::

    from swamp_driver.reports import Report, report


    @report(scope="workflow", description="Which steps failed.")
    def failures(context):
        failed = [step.name for step in context.steps if step.status == "failed"]
        return Report(f"{len(failed)} failed", {"failed": failed})

It runs on the host, in a process of its own. The standard library is all that this package needs.
"""

from swamp_driver.reports._context import Artifact, Data, ReportContext, RunFacts, StepFacts
from swamp_driver.reports._report import Report, ReportFunction, report

__all__ = [
    "Artifact",
    "Data",
    "Report",
    "ReportContext",
    "ReportFunction",
    "RunFacts",
    "StepFacts",
    "report",
]
