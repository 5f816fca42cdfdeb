# ruff: noqa: RUF009 - `declare` makes an attrs field
"""What a background step says of its readiness, as it is written."""

from __future__ import annotations

import attrs

from swamp_driver.workflow._duration import Duration
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._shape import Choice, Text, Whole
from swamp_driver.workflow._template import Template

UNTIL = Choice(
    "job", "run", refused={"workflow": "write 'run'", "step": "write 'job'", "end": "write 'run'"}
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReadyWhen:
    """When a background step is ready."""

    where: Where
    port: int | Template | None = declare(
        Whole(minimum=1, maximum=65535),
        "Something listens on this TCP port, where the step runs.",
        when="run",
    )
    log: Template | None = declare(
        Text(), "A line of its output matches this regular expression (RE2).", when="run"
    )
    command: Template | None = declare(
        Text(), "This script for /bin/sh -e, run where the step runs, exits with 0.", when="run"
    )
    timeout: Template | None = declare(
        Duration(), "How long it may take; '60s' by default.", when="run"
    )
    interval: Template | None = declare(
        Duration(),
        "The pause between two looks; by default it grows from '20ms' to '1s'.",
        when="run",
    )


_HOW = "write '{port: 8080}', '{log: \"listening\"}' or '{command: \"...\"}'"

READY_WHEN: Record[ReadyWhen] = Record(
    ReadyWhen,
    words="'readyWhen'",
    one_of=("port", "log", "command"),
    refused={
        "http": "write 'command: curl -fsS URL'",
        "url": "write 'command: curl -fsS URL'",
        "tcp": "write 'port:'",
        "run": "write 'command:'",
        "output": "write 'log:'",
        "retries": "write 'timeout:', and 'interval:' for the pause between two looks",
    },
    advice={"text": _HOW, "a list": _HOW},
)
