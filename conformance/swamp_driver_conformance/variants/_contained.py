"""Steps below a supervisor that collects whatever they leave: complete containment on Linux."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import attrs

from swamp_driver.spec import CancelStage, Capability, DriverInfo, StepEnd
from swamp_driver_conformance.reference import ReferenceDriver, StepRun

SUPERVISOR = Path(__file__).with_name("_supervisor.py")


class ContainedStep(StepRun):
    """A step whose process is a supervisor; the program is its child."""

    _report_fd = -1
    _control_fd = -1
    _report = b""

    supervisor: ClassVar[Path] = SUPERVISOR

    def namespace(self) -> str:
        """Return the file of the mount namespace that the step runs in; empty: that of here."""
        return ""

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the supervisor, and see it start the program."""
        self._report_fd, report_w = os.pipe()
        control_r, self._control_fd = os.pipe()
        head = (sys.executable, "-I", "-S", str(self.supervisor), str(report_w), str(control_r))
        env = self.environment()
        try:
            process = subprocess.Popen(
                (*head, self.step.cwd, self.namespace(), *self.argv()),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(report_w, control_r),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self.close()
            raise self.start_error(env, error) from error
        finally:
            os.close(report_w)
            os.close(control_r)
        first = self._line()
        if not first.startswith("error"):
            return process
        process.communicate()
        self.close()
        number = int(first.split()[1])
        refusal = OSError(number, os.strerror(number))
        raise self.start_error(env, refusal) from refusal

    def _line(self) -> str:
        while b"\n" not in self._report:
            data = os.read(self._report_fd, 200)
            if not data:
                return ""
            self._report += data
        line, _, self._report = self._report.partition(b"\n")
        return line.decode()

    def close(self) -> None:
        """Close the pipes to the supervisor."""
        for fd in (self._report_fd, self._control_fd):
            os.close(fd)

    def tell(self, word: bytes) -> None:
        """Tell the supervisor to send a signal; one that has ended does not listen."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._control_fd, word)

    def has_ended(self) -> bool:
        """Return whether the program and all that it left have ended."""
        return bool(select.select([self._report_fd], [], [], 0)[0])

    def terminate(self) -> None:
        """Ask the step to end."""
        self.tell(b"T")

    def must_kill(self, stage: CancelStage, now: float, kill_at: float) -> bool:
        """Have the supervisor kill, rather than do it here."""
        if super().must_kill(stage, now, kill_at):
            self.tell(b"K")
        return False

    def end_rest(self, decided: StepEnd | None) -> None:
        """Nothing is left: the supervisor has seen to it."""

    def result(self, code: int, decided: StepEnd | None, *times: Any) -> Any:
        """Take the status of the program, which is not that of the supervisor."""
        del code
        words = self._line().split()
        self.close()
        status = os.waitstatus_to_exitcode(int(words[1])) if words else 137
        return super().result(status, decided, *times)


class ContainedDriver(ReferenceDriver):
    """The reference driver with the capability `containment`."""

    info: ClassVar[DriverInfo] = attrs.evolve(
        ReferenceDriver.info,
        capabilities=ReferenceDriver.info.capabilities | {Capability.CONTAINMENT},
    )
    step_class: ClassVar[type[StepRun]] = ContainedStep
