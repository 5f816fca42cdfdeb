"""The reference of the command line says what the commands say."""

from __future__ import annotations

from tests.unit.cli.reference import DOCUMENT, MARK, render_reference


def test_the_reference_is_up_to_date() -> None:
    """Written once by hand it would be wrong by the next release."""
    _, mark, written = DOCUMENT.read_text(encoding="utf-8").partition(MARK)
    assert mark
    assert written.strip() == render_reference().strip(), "run: python -m tests.unit.cli.reference"
