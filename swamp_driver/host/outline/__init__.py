"""What a plan would do, in words that need no run: what `swamp-driver plan` shows."""

from swamp_driver.host.outline._build import outline_plan
from swamp_driver.host.outline._values import (
    BindingOutline,
    Known,
    OptionOutline,
    PassedVariable,
    PlanOutline,
    StepOutline,
)

__all__ = [
    "BindingOutline",
    "Known",
    "OptionOutline",
    "PassedVariable",
    "PlanOutline",
    "StepOutline",
    "outline_plan",
]
