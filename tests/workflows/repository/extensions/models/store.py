# ruff: noqa: D101, D106, RUF012 - as models are written
"""Models of the cases: their methods are never run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from swamp_driver.models import File, Model, Resource, method


@dataclass
class Item:
    name: str
    size: int


class Store(Model):
    """Keeps things."""

    type = "@team/store"
    version = "2026.11.1"

    @dataclass
    class Arguments:
        url: str
        token: str = ""
        labels: dict[str, str] = field(default_factory=dict)

    resources = {"item": Resource(Item), "summary": Resource({"type": "object"})}
    files = {"log": File(content_type="text/plain")}

    @method
    def scan(self, prefix: str = "", limit: int = 10) -> None:
        """List what is there."""

    @method
    def put(self, name: str, size: int, mode: Literal["new", "any"] = "any") -> None:
        """Keep a thing."""

    @method
    def remove(self, names: list[str]) -> None:
        """Remove things."""


class Clock(Model):
    """Has no arguments at all."""

    type = "team/clock"

    @method
    def tick(self) -> None:
        """Go on."""
