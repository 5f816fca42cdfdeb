"""The views of a run: each takes events and writes text."""

from swamp_driver.cli._sinks._choose import FORMATS, Format, choose_format, open_sink
from swamp_driver.cli._sinks._sink import Sink, Verbosity

__all__ = ["FORMATS", "Format", "Sink", "Verbosity", "choose_format", "open_sink"]
