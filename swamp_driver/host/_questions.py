"""The steps of a run that wait for a person."""

from __future__ import annotations

import time

from swamp_driver.errors import ApprovalError
from swamp_driver.host._approvals import Approval, Approvals
from swamp_driver.host._masking import mask_text
from swamp_driver.host._unit import UnitRunner, emit_step_ended
from swamp_driver.host._units import QuestionUnit, Settled, record_of
from swamp_driver.spec import ApprovalRequested, StepStatus


class Questions:
    """Asks, and hears the answers. Not thread-safe: it belongs to the coordinator's thread."""

    def __init__(self, runner: UnitRunner) -> None:
        self._runner = runner
        self._waiting: dict[str, QuestionUnit] = {}
        self._approvals: Approvals | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, unit: QuestionUnit) -> None:
        """Let a unit wait for a person; one that waited before the run was suspended goes on."""
        runner = self._runner
        prompt = mask_text(unit.question.prompt, unit.secrets)
        now = time.time()
        timeout_s = unit.question.timeout_s
        approval = self._opened().ask(
            Approval(
                run_id=runner.run_id,
                step_id=unit.step_id,
                job=unit.job,
                step=unit.name,
                prompt=prompt,
                requested_at=now,
                expires_at=None if timeout_s is None else now + timeout_s,
            )
        )
        self._waiting[unit.step_id] = unit
        runner.store.put_step(
            record_of(
                unit,
                runner.run_id,
                None,
                started_at=approval.requested_at,
                detail="waits for an approval",
            )
        )
        if approval.answer is not None:
            return  # answered while the run was suspended
        runner.bus.emit(
            ApprovalRequested,
            step_id=unit.step_id,
            job=unit.job,
            step=unit.name,
            prompt=approval.prompt,
            expires_at=approval.expires_at,
        )

    def take_answered(self) -> list[tuple[QuestionUnit, Settled]]:
        """Return the units that were answered meanwhile, or whose time has passed."""
        if not self._waiting:
            return []
        found = self._opened().of_run(self._runner.run_id)
        return [
            (unit, self._settle(unit, self._expire(approval)))
            for approval in found
            if (approval.answer is not None or approval.has_expired)
            and (unit := self._waiting.pop(approval.step_id, None)) is not None
        ]

    def take_all(self) -> list[QuestionUnit]:
        """Return all that wait, and forget them."""
        units = list(self._waiting.values())
        self._waiting.clear()
        return units

    def _opened(self) -> Approvals:
        if self._approvals is None:
            self._approvals = Approvals(self._runner.store)
        return self._approvals

    def _expire(self, approval: Approval) -> Approval:
        if approval.answer is not None:
            return approval
        opened = self._opened()
        try:
            return opened.answer(approval, "timed out", by="")
        except ApprovalError:  # somebody was quicker
            again = opened.of_run(approval.run_id)
            return next(one for one in again if one.step_id == approval.step_id)

    def _settle(self, unit: QuestionUnit, approval: Approval) -> Settled:
        approved = approval.answer == "approved"
        record = record_of(
            unit,
            self._runner.run_id,
            StepStatus.SUCCEEDED if approved else StepStatus.FAILED,
            started_at=approval.requested_at,
            duration_s=(approval.answered_at or time.time()) - approval.requested_at,
            detail=approval.words,
        )
        self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, record)
        return Settled(record=record)
