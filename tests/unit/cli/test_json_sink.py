"""JSON lines for programs: stdout holds nothing else."""

from __future__ import annotations

import io
import json

from swamp_driver.cli._sinks._json import JsonSink
from swamp_driver.cli._streams import Writer
from swamp_driver.host import event_to_json
from tests.unit.cli.builders import Story


def test_each_event_is_one_line(story: Story) -> None:
    """A program reads line by line, while the run goes on."""
    out, err = io.StringIO(), io.StringIO()
    sink = JsonSink(Writer(out), Writer(err), encode=event_to_json)
    sink.on_event(story.run_started(a=["x"]))
    sink.on_event(story.output("s1", b"line 1\nline 2\n"))
    sink.on_event(story.output("s1", b"\xff"))
    sink.say("stopping")
    sink.close()
    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert (first["kind"], first["jobs"][0]["name"]) == ("run-started", "a")
    assert (second["text"], third["base64"]) == ("line 1\nline 2\n", "/w==")
    assert err.getvalue() == "stopping\n"
