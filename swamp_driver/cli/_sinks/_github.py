"""The log of a GitHub Actions job: a group for each step, annotations for what failed.

Commands: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterable, Mapping

import attrs

from swamp_driver.cli._output_lines import OutputLines
from swamp_driver.cli._run_view import RunView, StepState
from swamp_driver.cli._sinks._sink import Verbosity
from swamp_driver.cli._sinks._turns import Turns
from swamp_driver.cli._streams import Writer
from swamp_driver.cli._style import Style
from swamp_driver.cli._summary import render_summary
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import describe_end
from swamp_driver.spec import Notice, RunEnded, RunEvent, StepEnded, StepOutput, StepStarted


@attrs.define
class Guard:
    """Writes lines that we did not make so that none of them is taken for a command.

    The runner obeys nothing between `::stop-commands::<token>` and `::<token>::`; a step cannot
    guess the token. Nothing is added to lines of which none can be a command.
    """

    write: Callable[[str], object]
    _token: str = attrs.field(default="", init=False)

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines, after the command that makes them harmless where one needs it."""
        for line in lines:
            if not self._token and ("::" in line or "##[" in line):
                self._token = secrets.token_hex(16)
                self.write(f"::stop-commands::{self._token}\n")
            self.write(f"{line}\n")

    def end(self) -> None:
        """Let commands count again."""
        if self._token:
            self.write(f"::{self._token}::\n")
            self._token = ""


@attrs.define
class GithubSink:
    """Write the log of a GitHub Actions job. Steps that run at once never interleave."""

    _out: Writer
    _err: Writer
    _style: Style = attrs.field(kw_only=True)
    _verbosity: Verbosity = attrs.field(default=Verbosity.NORMAL, kw_only=True)
    _step_lines: Mapping[str, int] = attrs.field(factory=dict, kw_only=True)
    """Where in the file the planned steps begin, by their id."""
    _view: RunView = attrs.field(factory=RunView, init=False)
    _turns: Turns = attrs.field(init=False)
    _output: OutputLines = attrs.field(init=False)
    _guards: dict[str, Guard] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._turns = Turns(self._out)
        self._output = OutputLines(colour=self._style.colour)

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        self._view.apply(event)
        match event:
            case Notice() if self._verbosity > Verbosity.QUIET:
                self.say(f"note: {escape_controls(event.text)}")
            case StepStarted():
                self._start(event)
            case StepOutput():
                lines = self._output.feed(event.step_id, event.stream, event.data)
                self._print(self._view.step(event), lines)
            case StepEnded(previous=False):
                self._end(self._view.step(event), event)
            case RunEnded():
                self._sum_up(event)
            case _:
                pass

    def say(self, text: str) -> None:
        """Write to stderr."""
        self._err.line(_inert(text))

    def close(self) -> None:
        """Drop what was kept for steps that have not ended; twice is fine."""
        self._turns.close()

    def _sum_up(self, event: RunEnded) -> None:
        guard = Guard(self._out.write)
        guard.lines(render_summary(self._view, style=self._style))
        guard.end()
        for error in event.errors:
            self._out.line(f"::error file={self._file}::{_escape(escape_controls(error))}")

    @property
    def _file(self) -> str:
        return _escape_property(escape_controls(self._view.source))

    def _start(self, event: StepStarted) -> None:
        guard = self._open(event.step_id)
        guard.write(f"::group::{_escape(escape_controls(f'{event.job}/{event.step}'))}\n")
        if self._verbosity >= Verbosity.VERBOSE:
            guard.lines([escape_controls(f"{event.driver}: {event.command}")])

    def _open(self, step_id: str) -> Guard:
        self._turns.begin(step_id)
        guard = Guard(functools.partial(self._turns.write, step_id))
        self._guards[step_id] = guard
        return guard

    def _print(self, step: StepState, lines: list[str]) -> None:
        step.keep_tail(lines)
        if self._verbosity > Verbosity.QUIET:
            self._guards[step.step_id].lines(lines)

    def _end(self, step: StepState, event: StepEnded) -> None:
        if step.step_id in self._guards:
            for _, lines in self._output.finish(step.step_id):
                self._print(step, lines)
            guard = self._guards.pop(step.step_id)
            guard.end()
            guard.write("::endgroup::\n")
        else:  # skipped: it never started
            guard = self._open(step.step_id)
            del self._guards[step.step_id]
        guard.write(self._result(step, event))
        self._turns.end(step.step_id)

    def _result(self, step: StepState, event: StepEnded) -> str:
        how = escape_controls(describe_end(event))
        label = escape_controls(step.label)
        mark = self._style.mark("allowed" if step.forgiven else step.status)
        text = f"{mark} {_inert(label)}: {_inert(how)}\n"
        if step.status != "failed" or step.forgiven:
            return text
        line = self._step_lines.get(event.step_id.partition("-")[0], 0)
        place = f"file={self._file}" + (f",line={line}" if line else "")
        return f"{text}::error {place},title={_escape_property(label)}::{_escape(how)}\n"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def _inert(text: str) -> str:
    """Return a line that the runner does not take for a command of its old form."""
    return text.replace("##[", "## [")
