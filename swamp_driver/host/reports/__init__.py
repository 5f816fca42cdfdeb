"""The reports of a run: which there are, and how they are made."""

from swamp_driver.host.reports._find import find_installed_reports, find_own_reports
from swamp_driver.host.reports._runner import ReportRunner

__all__ = ["ReportRunner", "find_installed_reports", "find_own_reports"]
