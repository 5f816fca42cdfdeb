"""Files that steps hand on to later steps: checked, captured, and put where these run."""

from swamp_driver.host.outputs._beside import Beside
from swamp_driver.host.outputs._errors import HandOverError
from swamp_driver.host.outputs._hand_over import OUTPUTS, HandOver

__all__ = ["OUTPUTS", "Beside", "HandOver", "HandOverError"]
