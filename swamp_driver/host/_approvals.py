"""Questions to people, and their answers: a table in the records, so that one answer counts."""

from __future__ import annotations

import time
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import ApprovalError
from swamp_driver.host._store import Store

Answer = Literal["approved", "rejected", "timed out"]

_TABLE = """
CREATE TABLE IF NOT EXISTS approvals (
  run_id TEXT NOT NULL, step_id TEXT NOT NULL, job TEXT NOT NULL, step TEXT NOT NULL,
  prompt TEXT NOT NULL, requested_at REAL NOT NULL, expires_at REAL,
  answer TEXT, answered_by TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  answered_at REAL, PRIMARY KEY (run_id, step_id)
) WITHOUT ROWID
"""
_COLUMNS = (
    "run_id, step_id, job, step, prompt, requested_at, expires_at, "
    "answer, answered_by, reason, answered_at"
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Approval(Value):
    """A step that waits for a person, or waited."""

    run_id: str
    step_id: str
    job: str
    step: str
    prompt: str
    requested_at: float
    """Seconds since the epoch, as are the others."""
    expires_at: float | None = None
    answer: Answer | None = None
    """None while it waits."""
    answered_by: str = ""
    reason: str = ""
    answered_at: float | None = None

    @property
    def label(self) -> str:
        """Return `job/step`."""
        return f"{self.job}/{self.step}"

    @property
    def has_expired(self) -> bool:
        """Return whether the time for an answer has passed without one."""
        return (
            self.answer is None and self.expires_at is not None and self.expires_at <= time.time()
        )

    @property
    def words(self) -> str:
        """Return how it was answered: `approved by ada: looks good`."""
        by = f" by {self.answered_by}" if self.answered_by else ""
        return f"{self.answer}{by}: {self.reason}" if self.reason else f"{self.answer}{by}"


class Approvals:
    """The questions of all runs. May be used from any thread, and by several processes at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute(_TABLE)

    def ask(self, approval: Approval) -> Approval:
        """Note a question, or return the one that was asked for the step before."""
        values = tuple(getattr(approval, name) for name in _COLUMNS.split(", "))
        marks = ", ".join("?" * len(values))
        self._store.execute(
            f"INSERT OR IGNORE INTO approvals VALUES ({marks})",  # noqa: S608 - marks alone
            values,
        )
        return next(one for one in self.of_run(approval.run_id) if one.step_id == approval.step_id)

    def of_run(self, run_id: str) -> tuple[Approval, ...]:
        """Return all questions of a run, in the order in which they were asked."""
        rows = self._store.execute(
            f"SELECT {_COLUMNS} FROM approvals WHERE run_id = ? ORDER BY requested_at, step_id",  # noqa: S608 - constants
            (run_id,),
        )
        return tuple(Approval(**dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows)

    def answer(self, approval: Approval, answer: Answer, *, by: str, reason: str = "") -> Approval:
        """Answer a question; of several answers at once, by whomever, one counts.

        A question whose time has passed is answered with `timed out`, whatever the answer was to
        be; what was recorded comes back.

        Raises:
            ApprovalError: it was answered before.
        """
        given: Answer = "timed out" if approval.has_expired else answer
        now = time.time()
        done = self._store.execute(
            "UPDATE approvals SET answer = ?, answered_by = ?, reason = ?, answered_at = ? "
            "WHERE run_id = ? AND step_id = ? AND answer IS NULL RETURNING 1",
            (given, by, reason, now, approval.run_id, approval.step_id)
            if given == answer
            else (given, "", "", now, approval.run_id, approval.step_id),
        )
        found = next(one for one in self.of_run(approval.run_id) if one.step_id == approval.step_id)
        if not done:
            raise ApprovalError(f"'{found.label}' was answered before: {found.words}")
        return found
