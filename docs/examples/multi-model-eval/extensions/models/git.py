"""A git repository, as a model: what a workflow needs of it is a checkout of one commit."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from swamp_driver.models import Model, Resource, method


class Git(Model):
    """A git repository that steps work on."""

    type = "ci/git"
    version = "2026.11.28"

    @dataclass
    class Arguments:
        """Which repository, and what of it."""

        url: str
        ref: str = "HEAD"

    @dataclass
    class Checkout:
        """A commit that is there to be worked on."""

        url: str
        commit: str
        subject: str

    resources = {"checkout": Resource(Checkout, description="What was checked out, and of where.")}

    @method
    def checkout(self, directory: str) -> None:
        """Clone the repository into `directory` of the workspace, or bring it up to date there."""
        if self.workspace is None:
            raise ValueError("a checkout needs a workspace to be in")
        place = self.workspace / directory
        if not (place / ".git").exists():
            self._git("init", "--quiet", str(place))
        self._git("-C", str(place), "fetch", "--quiet", "--depth=1", self._url, self.arguments.ref)
        self._git("-C", str(place), "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        self._git("-C", str(place), "clean", "-ffdxq")
        log = self._git("-C", str(place), "log", "-1", "--format=%H%n%s").splitlines()
        self.logger.info("checked out %s", log[0][:10])
        what = self.Checkout(url=self.arguments.url, commit=log[0], subject=log[1])
        self.write_resource("checkout", "checkout", what)

    @property
    def _url(self) -> str:
        """Return the address; a path stands for the repository of this machine that it is in."""
        url: str = self.arguments.url
        if not url.startswith("/"):
            return url
        return "file://" + self._git("-C", url, "rev-parse", "--show-toplevel").strip()

    def _git(self, *arguments: str) -> str:
        # Whoever owns the repository: in this call only, with no configuration of anybody else.
        trust = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_TERMINAL_PROMPT": "0",
        }
        return subprocess.run(
            ["git", *arguments],
            env={**os.environ, **trust},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        ).stdout
