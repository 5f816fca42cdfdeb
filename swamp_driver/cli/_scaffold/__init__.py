"""The files of a new driver package, as templates."""

from swamp_driver.cli._scaffold._render import DriverNames, render_project

__all__ = ["DriverNames", "render_project"]
