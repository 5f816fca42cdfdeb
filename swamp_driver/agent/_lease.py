"""Noticing that the far side is gone where the stream does not tell."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swamp_driver.agent._link import Link


def keep_lease(link: Link, lease_s: float) -> None:
    """Send a ping three times per lease, and lose the link where nothing came for a whole one.

    Starts a thread that ends with the link.
    """
    ended = threading.Event()
    link.on_lost(lambda _: ended.set())

    def beat() -> None:
        while not ended.wait(lease_s / 3):
            if time.monotonic() - link.heard_at > lease_s:
                link.abandon(f"nothing was heard for {lease_s:g} s")
                return
            link.ping()

    threading.Thread(target=beat, name="agent lease", daemon=True).start()
