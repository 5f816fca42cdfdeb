"""An evaluation of prompts with promptfoo, as a model."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swamp_driver.models import File, Model, Resource, method

FAILED = 100
"""The exit code of promptfoo where tests failed; any other but 0 means that it did not work."""


class PromptfooEval(Model):
    """Evaluations of prompts, each with another configuration."""

    type = "ci/promptfoo_eval"
    version = "2026.11.28"

    @dataclass
    class Arguments:
        """Where promptfoo is installed, below the workspace."""

        tools: str = "tools"

    @dataclass
    class Result:
        """What an evaluation came to."""

        configuration: str
        provider: str
        passed: int
        failed: int
        errors: int
        started_at: float
        duration_ms: int
        failures: list[dict[str, str]] = field(default_factory=list)

    resources = {"result": Resource(Result, description="How many tests passed, and which not.")}
    files = {
        "output": File(content_type="application/json", description="All that promptfoo says.")
    }

    @method
    def evaluate(
        self, configuration: str, directory: str, style: str = "", provider: str = "", key: str = ""
    ) -> None:
        """Evaluate the prompts in `directory` of the workspace with one configuration.

        `provider` answers where the variable that `key` names is set; else `echo` does, which
        gives the prompt back. The step fails where a test fails; the result is kept all the same.
        """
        chosen = provider if key and os.environ.get(key) else "echo"
        started, began = time.time(), time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            output = Path(scratch, "output.json")
            code = self._promptfoo(chosen, style, self._in_workspace(directory), output)
            if code not in (0, FAILED):
                raise RuntimeError(f"promptfoo ended with exit code {code}")
            data = output.read_bytes()
        found = json.loads(data)["results"]
        with self.create_file_writer("output", "output") as file:
            file.write(data)
        result = self.Result(
            configuration=configuration,
            provider=chosen,
            passed=found["stats"]["successes"],
            failed=found["stats"]["failures"],
            errors=found["stats"]["errors"],
            started_at=started,
            duration_ms=round((time.monotonic() - began) * 1000),
            failures=[_failure(one) for one in found["results"] if not one["success"]],
        )
        self.write_resource("result", "result", result)
        self.logger.info("%s: %d passed, %d failed", configuration, result.passed, result.failed)
        if code == FAILED:
            raise SystemExit(1)

    def _in_workspace(self, path: str) -> Path:
        if self.workspace is None:
            raise ValueError("an evaluation needs the workspace that promptfoo is installed in")
        return self.workspace / path

    def _promptfoo(self, provider: str, style: str, directory: Path, output: Path) -> int:
        program = self._in_workspace(self.arguments.tools) / "node_modules/.bin/promptfoo"
        quiet = ("--no-cache", "--no-write", "--no-table", "--no-progress-bar", "--no-share")
        # Its own database: evaluations that run side by side must not wait for each other.
        env = {
            **os.environ,
            "PROMPTFOO_CONFIG_DIR": str(output.parent),
            "PROMPTFOO_DISABLE_TELEMETRY": "1",
            "PROMPTFOO_DISABLE_UPDATE": "1",
        }
        if provider == "echo":
            # It tells its makers that it tells them nothing, and ends when they have answered:
            # where there is no network that takes minutes. To nobody, it fails at once.
            env["HTTPS_PROXY"] = env["https_proxy"] = "http://127.0.0.1:9"
        command = [str(program), "eval", "--config", "promptfooconfig.yaml", *quiet]
        command += ["--providers", provider, "--var", f"style={style}", "--output", str(output)]
        return subprocess.run(command, cwd=directory, env=env, check=False).returncode


def _failure(one: dict[str, Any]) -> dict[str, str]:
    """Return which test failed, and why."""
    return {
        "test": one["testCase"].get("description") or str(one["testIdx"]),
        "reason": (one.get("gradingResult") or {}).get("reason") or one.get("error") or "",
    }
