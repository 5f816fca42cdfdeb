"""The views of a run: each takes events and writes text."""

from swamp_driver.cli._sinks._choose import Format, choose_format, open_sink
from swamp_driver.cli._sinks._sink import Sink, Verbosity

__all__ = ["Format", "Sink", "Verbosity", "choose_format", "open_sink"]
