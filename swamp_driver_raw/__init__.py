"""The `raw` driver: steps are processes of this host, without a container around them."""

from swamp_driver_raw._config import RawConfig
from swamp_driver_raw._driver import RawDriver

__all__ = ["RawConfig", "RawDriver"]
