"""Lines with the step before them: for pipes, files and people without a live view."""

from __future__ import annotations

from swamp_driver.cli._durations import format_bytes, format_duration
from swamp_driver.cli._output_lines import OutputLines, prefix_of
from swamp_driver.cli._run_view import RunView, StepState
from swamp_driver.cli._sinks._sink import Verbosity
from swamp_driver.cli._streams import Writer
from swamp_driver.cli._style import Style
from swamp_driver.cli._summary import render_summary
from swamp_driver.cli._untrusted import escape_controls, show_output
from swamp_driver.cli._words import describe_end, plural
from swamp_driver.spec import (
    ApprovalRequested,
    DriverProgress,
    Notice,
    RunEnded,
    RunEvent,
    RunStarted,
    StepEnded,
    StepOutput,
    StepReady,
    StepStarted,
    Stream,
    WorkspaceReady,
)


class PlainSink:
    """Write `job/step | line`: whole lines only, both streams of the steps to stdout.

    Notices go to stderr. On a terminal the bar of stderr lines has another colour.
    """

    def __init__(
        self,
        out: Writer,
        err: Writer,
        *,
        style: Style,
        verbosity: Verbosity = Verbosity.NORMAL,
    ) -> None:
        self._out = out
        self._err = err
        self._style = style
        self._verbosity = verbosity
        self._view = RunView()
        self._lines = OutputLines(colour=style.colour)

    @property
    def view(self) -> RunView:
        """Return how the run stands."""
        return self._view

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        if isinstance(event, StepOutput):  # most events by far: the short way
            lines = self._lines.feed(event.step_id, event.stream, event.data)
            self._write(self._view.step(event), event.stream, lines)
            return
        self._view.apply(event)
        self._show(event)

    def note_last_lines(self) -> None:
        """Give each running step in the view the line that it prints now, or printed last."""
        for step in self._view.steps:
            if step.status == "running":
                last = step.tail[-1] if step.tail else ""
                now = self._lines.unfinished(step.step_id)
                step.last_line = now or show_output(last, colour=False)

    def say(self, text: str) -> None:
        """Write to stderr."""
        self._err.line(text)

    def close(self) -> None:
        """Do nothing: every line is out."""

    def _show(self, event: RunEvent) -> None:
        match event:
            case RunStarted():
                self._show_start(event)
            case WorkspaceReady():
                self._tell_more(f"workspace: {event.path} (driver {event.driver})")
            case DriverProgress():
                self._show_progress(event)
            case Notice() if self._verbosity > Verbosity.QUIET:
                self._err.line(f"note: {escape_controls(event.text)}")
            case StepStarted() | StepReady() | ApprovalRequested():
                self._show_step(event)
            case StepEnded(previous=False):
                self._show_step_end(event)
            case RunEnded():
                gap = "\n" if self._verbosity > Verbosity.QUIET else ""
                lines = render_summary(self._view, style=self._style)
                self._out.write(gap + "".join(f"{line}\n" for line in lines))
            case _:
                pass

    def _show_start(self, event: RunStarted) -> None:
        steps = sum(len(job.steps) for job in event.jobs)
        size = f"{plural(len(event.jobs), 'job')}, {plural(steps, 'step')}"
        again = " goes on" if event.attempt > 1 else ""
        self._tell(f"run {event.run_id}{again}: {event.workflow} ({event.source}), {size}")

    def _show_step(self, event: StepStarted | StepReady | ApprovalRequested) -> None:
        label = f"{event.job}/{event.step}"
        match event:
            case StepReady():
                self._tell(f"{label}: ready")
            case ApprovalRequested():
                self._tell(f"{label}: waits for an approval: {' '.join(event.prompt.split())}")
            case StepStarted():
                how = f"{event.driver}: {event.command}" if event.driver else event.command
                self._tell_more(f"{label}: {how}")

    def _show_progress(self, event: DriverProgress) -> None:
        progress = event.progress
        if progress.finished or progress.done is None:
            size = "" if progress.done is None else f" {format_bytes(progress.done)}"
            words = f"{progress.phase} {progress.resource}{size} {progress.text}".rstrip()
            done = ", done" if progress.finished else ""
            self._tell_more(f"{event.driver}: {words}{done}")

    def _show_step_end(self, event: StepEnded) -> None:
        step = self._view.step(event)
        for stream, lines in self._lines.finish(event.step_id):
            self._write(step, stream, lines)
        if self._verbosity > Verbosity.QUIET:
            self._out.line(self._end_line(step, event))

    def _tell(self, text: str) -> None:
        if self._verbosity > Verbosity.QUIET:
            self._out.line(self._style.paint(escape_controls(text), "quiet"))

    def _tell_more(self, text: str) -> None:
        if self._verbosity >= Verbosity.VERBOSE:
            self._tell(text)

    def _write(self, step: StepState, stream: Stream, lines: list[str]) -> None:
        step.keep_tail(lines)
        if self._verbosity > Verbosity.QUIET and lines:
            prefix = prefix_of(step.label, stream, style=self._style)
            self._out.write("".join(f"{prefix}{line}\n" for line in lines))

    def _end_line(self, step: StepState, event: StepEnded) -> str:
        mark = self._style.mark("allowed" if step.forgiven else step.status)
        text = f"{mark} {escape_controls(f'{step.label}: {describe_end(event)}')}"
        if event.end is not None:
            text += f", {format_duration(event.duration_s)}"
        usage = event.usage
        if self._verbosity >= Verbosity.VERBOSE and usage.cpu_s is not None:
            text += f" (cpu {format_duration(usage.cpu_s)}"
            if usage.max_rss_bytes is not None:
                text += f", memory {format_bytes(usage.max_rss_bytes)}"
            text += ")"
        return text
