"""The step that looks, in the place where a background step runs, whether it is ready.

It is one step for the whole wait, with a loop in it: a driver may make a container for each step.
It needs `/bin/sh`, and `sleep` for the pauses; where that is missing, it looks once, ends, and is
run again. It tells what it found by its exit code, and says `free` on its standard output once it
saw that nothing listens on the port yet.
"""

from __future__ import annotations

import posixpath
from enum import IntEnum

import attrs

from swamp_driver.spec import StepRequest
from swamp_driver.workflow import BoundReadiness

FREE = b"free\n"
_SCRIPT = "look"
_COMMAND = "ready"
_LONGEST_ID = 40


class Found(IntEnum):
    """The exit codes of a look."""

    READY = 0
    TAKEN = 93
    """Something listened before the step was started."""
    NO_TABLE = 94
    """This place does not say who listens."""
    NOT_YET = 95
    """And there is no `sleep`, so somebody else must wait."""


_LOOP = f"""
pause() {{ sleep "$1" 2>/dev/null || sleep 1 2>/dev/null || exit {Found.NOT_YET}; }}
for swamp_pause in $swamp_pauses; do look && exit 0; pause "$swamp_pause"; done
while :; do look && exit 0; pause "$swamp_pause"; done
"""

# Built-ins only: the tables are read without starting a program, in dash and in busybox alike.
# The columns are: number, local address, remote address, state (0A: listens).
_PORT = f"""
look() {{
  tables=
  for table in /proc/net/tcp /proc/net/tcp6; do
    [ -r "$table" ] || continue
    tables=1
    while read -r _ at _ state _; do
      case "$state:$at" in 0A:*:"$port") return 0;; esac
    done < "$table"
  done
  [ "$tables" ] || exit {Found.NO_TABLE}
  return 1
}}
if [ "$first" ]; then
  look && exit {Found.TAKEN}
  echo free
fi
"""

_COMMAND_LOOK = f"""
look() {{ /bin/sh -e "$SWAMP_EXCHANGE/{_COMMAND}"; }}
"""

_GROWING = "0.02 0.04 0.08 0.16 0.32 0.64 1"


def probe_request(service: StepRequest, ready: BoundReadiness, *, number: int) -> StepRequest:
    """Return the step that looks whether `service` is ready; `number` counts from 1.

    It has the environment of the service, a script of the user also its working directory, and an
    exchange directory of its own.
    """
    suffix = f"-p{number}"
    step_id = f"{service.step_id[: _LONGEST_ID - len(suffix)]}{suffix}"
    exchange = posixpath.join(posixpath.dirname(service.exchange), step_id)
    look, files, cwd = _COMMAND_LOOK, {_COMMAND: (ready.script or "").encode()}, service.cwd
    own = {"swamp_pauses": _GROWING if ready.interval_s is None else f"{ready.interval_s:g}"}
    if ready.port is not None:
        # That of the service may not be there before it is started.
        look, files, cwd = _PORT, {}, posixpath.join(exchange, "tmp")
        own |= {"port": f"{ready.port:04X}", "first": "1" if number == 1 else ""}
    settings = "".join(f"{name}='{value}'\n" for name, value in own.items())
    return attrs.evolve(
        service,
        step_id=step_id,
        argv=("/bin/sh", posixpath.join(exchange, _SCRIPT)),
        env={
            **service.env,
            **ready.values,
            "TMPDIR": posixpath.join(exchange, "tmp"),
            "SWAMP_EXCHANGE": exchange,
            "SWAMP_OUTPUT": posixpath.join(exchange, "output"),
        },
        cwd=cwd,
        exchange=exchange,
        files={_SCRIPT: (settings + look + _LOOP).encode(), "output": b"", **files},
        directories=("tmp",),
        collect=(),
        timeout_s=ready.timeout_s,
        grace_s=0.0,
    )
