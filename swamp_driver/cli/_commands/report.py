"""`swamp-driver report`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click

from swamp_driver.cli._completion import complete_runs
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._print import print_errors
from swamp_driver.cli._record_json import run_to_json
from swamp_driver.cli._report import (
    RunFacts,
    gather_facts,
    render_junit,
    render_mermaid,
    render_page,
    render_trace,
)
from swamp_driver.cli._streams import stdout
from swamp_driver.host import HostSettings, open_store

Format = Literal["html", "junit", "trace", "mermaid", "json"]


def _render_json(facts: RunFacts) -> str:
    return json.dumps(run_to_json(facts.record), indent=2) + "\n"


_RENDER: dict[Format, Callable[[RunFacts], str]] = {
    "html": render_page,
    "junit": render_junit,
    "trace": render_trace,
    "mermaid": render_mermaid,
    "json": _render_json,
}


@click.command(
    "report",
    cls=TeachingCommand,
    examples=(
        ("a page of the newest run, to look at", "swamp-driver report"),
        ("for a CI system", "swamp-driver report last --junit -o junit.xml"),
        ("for ui.perfetto.dev", "swamp-driver report kx3 --trace -o trace.json"),
        ("for a README or an issue", "swamp-driver report --mermaid"),
    ),
)
@click.argument("run", shell_complete=complete_runs, default="last", metavar="[RUN]")
@click.option(
    "--html", "format_", flag_value="html", default="html", help="One HTML file (the default)."
)
@click.option(
    "--junit", "format_", flag_value="junit", help="JUnit XML: a test case for each step."
)
@click.option("--trace", "format_", flag_value="trace", help="Trace events for Chrome or Perfetto.")
@click.option("--mermaid", "format_", flag_value="mermaid", help="A Mermaid flow chart.")
@click.option("--json", "format_", flag_value="json", help="The record of the run.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write there; `-` is stdout. A page is written to `swamp-<run>.html` without it, all "
    "else to stdout.",
)
def command(run: str, *, format_: Format, output: str | None) -> None:
    """Write what is known of a run as one document.

    RUN is an id, the beginning of one, or `last` (the default).

    The page needs no network and can be sent or kept with the build: the graph of the jobs, when
    each step ran, its output with colours, what it used, failures first. Long output is cut; the
    page says how to get all of it. Secrets are masked in it as they are everywhere.
    """
    with open_store(HostSettings.from_environment()) as store:
        store.close_interrupted()
        facts = gather_facts(store, run)
    text = _RENDER[format_](facts)
    if output is None and format_ == "html":
        output = f"swamp-{facts.record.run_id}.html"
    if output in (None, "-"):
        stdout().write(text)
        return
    assert output is not None
    _write(Path(output), text)
    print_errors([f"wrote {output}"])


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all; raise `UsageError` where it cannot be written."""
    new = path.with_name(f".{path.name}.new")
    try:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        with new.open("x", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as error:
        raise click.UsageError(f"'{path}' cannot be written: {error.strerror}") from error
