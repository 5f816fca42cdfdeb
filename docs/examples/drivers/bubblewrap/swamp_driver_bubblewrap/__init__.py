"""The `bubblewrap` driver: steps see this system read-only, and no network."""

from swamp_driver_bubblewrap._driver import BubblewrapDriver

__all__ = ["BubblewrapDriver"]
