"""What is done by hand with the docker command, as the baseline of the container drivers."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

IMAGE = "swamp-test/debian"


def docker(*arguments: str) -> None:
    """Run a docker command to its successful end; drop what it prints."""
    subprocess.run(
        ["docker", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True
    )


@contextmanager
def running_container() -> Iterator[str]:
    """Start a container that waits, as one does for `docker exec`; give its name."""
    name = f"swamp-bench-{secrets.token_hex(4)}"
    docker("run", "--detach", "--init", "--name", name, IMAGE, "sleep", "86400")
    try:
        yield name
    finally:
        docker("rm", "--force", name)
