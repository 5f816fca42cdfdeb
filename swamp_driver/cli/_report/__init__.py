"""A run as a document: a page for people, and the formats that other programs read."""

from swamp_driver.cli._report._facts import RunFacts, gather_facts
from swamp_driver.cli._report._junit import render_junit
from swamp_driver.cli._report._mermaid import render_mermaid
from swamp_driver.cli._report._page import render_page
from swamp_driver.cli._report._trace import render_trace

__all__ = [
    "RunFacts",
    "gather_facts",
    "render_junit",
    "render_mermaid",
    "render_page",
    "render_trace",
]
