"""Finds out why runs do not work here: `swamp-driver doctor`."""

from swamp_driver.host.doctor._ask import Limits, ask_driver
from swamp_driver.host.doctor._findings import Finding, Level, Section
from swamp_driver.host.doctor._judge_driver import judge_driver
from swamp_driver.host.doctor._judge_host import judge_host
from swamp_driver.host.doctor._survey import HostSurvey, PlaceSurvey, survey_host

__all__ = [
    "Finding",
    "HostSurvey",
    "Level",
    "Limits",
    "PlaceSurvey",
    "Section",
    "ask_driver",
    "judge_driver",
    "judge_host",
    "survey_host",
]
