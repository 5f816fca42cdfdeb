"""The `swamp-driver` command: the only code that prints."""

from swamp_driver.cli._main import main

__all__ = ["main"]
