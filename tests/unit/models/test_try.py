# ruff: noqa: D101, D102 - models and helpers of tests
"""Methods in the tests of their authors."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.models import File, Model, Resource, SchemaError, Tried, method, try_method


class Note(Model):
    type = "test/note"
    resources = {"note": Resource({"type": "object", "properties": {"text": {"type": "string"}}})}  # noqa: RUF012
    files = {"raw": File()}  # noqa: RUF012

    @method
    def keep(self, text: str) -> None:
        self.write_resource("note", "one", {"text": f"{text} {self.workspace}"})
        with self.create_file_writer("raw", "one.txt") as file:
            file.write(text)


def test_a_method_is_tried_in_process(tmp_path: Path) -> None:
    """A model can be tested without a workflow."""
    tried = try_method(Note, "keep", inputs={"text": "hello"}, workspace=tmp_path)
    assert tried == Tried({"one": {"text": f"hello {tmp_path}"}}, {"one.txt": b"hello"})


def test_what_is_wrong_is_raised() -> None:
    """A test must fail where a step would."""
    with pytest.raises(SchemaError, match=r"inputs\.text: is missing"):
        try_method(Note, "keep")
