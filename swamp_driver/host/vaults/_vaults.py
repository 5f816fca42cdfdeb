"""The vaults of a repository, opened when they are asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import attrs

from swamp_driver.errors import ConfigError, Problem, VaultError, WorkflowError
from swamp_driver.host.vaults._types import vault_type
from swamp_driver.spec import structure_config
from swamp_driver.spec._suggest import did_you_mean
from swamp_driver.workflow import RepositoryFile, VaultDeclaration

UNDECLARED = {"env": VaultDeclaration(type="env")}
"""What is there without a declaration; a declaration of the same name wins."""


class Vaults:
    """Gives secrets of the vaults that a repository declares, and of `env`.

    `get` may be called from any thread. Each secret is asked for once.
    """

    def __init__(self, declared: Mapping[str, VaultDeclaration], *, repository: str) -> None:
        self._declared = {**UNDECLARED, **declared}
        self._repository = repository
        self._opened: dict[str, Any] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def get(self, vault: str, key: str) -> str:
        """Return a secret.

        Raises:
            VaultError: there is no vault or no secret of that name, or the vault cannot be used.
                The message never holds a secret.
        """
        with self._lock:
            if (vault, key) not in self._known:
                self._known[vault, key] = self._ask(vault, key)
            return self._known[vault, key]

    def _ask(self, name: str, key: str) -> str:
        declared = self._declared.get(name)
        if declared is None:
            hint = did_you_mean(name, self._declared) or f"there are: {', '.join(self._declared)}"
            raise VaultError(f"there is no vault '{name}' ({hint})")
        if name not in self._opened:
            self._opened[name] = self._open(name, declared)
        try:
            found = self._opened[name].get(key)
        except VaultError as error:
            raise VaultError(f"vault '{name}': {error}") from error
        except Exception as error:
            # The message of a stranger's exception may hold what was asked for.
            raise VaultError(
                f"vault '{name}': its type '{declared.type}' failed with {type(error).__name__}"
            ) from error
        if found is None:
            raise VaultError(f"the vault '{name}' ({declared.type}) has no '{key}'")
        if not isinstance(found, str):
            what = type(found).__name__
            raise VaultError(f"vault '{name}': its type '{declared.type}' gave {what}, not text")
        return found

    def _open(self, name: str, declared: VaultDeclaration) -> Any:
        cls = vault_type(declared.type)
        try:
            return cls(structure_config(cls.config, declared.options), self._repository)
        except ConfigError as error:
            raise VaultError(f"vault '{name}': {error}") from error


def check_vaults(file: RepositoryFile) -> None:
    """Check the declared vaults without opening one.

    Raises:
        WorkflowError: a type is unknown, or options are wrong; all problems, with their places.
    """
    problems = [
        problem for name, one in file.vaults.items() for problem in _problems(name, one, file)
    ]
    if problems:
        raise WorkflowError(problems)


def _problems(name: str, declared: VaultDeclaration, file: RepositoryFile) -> list[Problem]:
    path = f"vaults.{name}"
    try:
        structure_config(vault_type(declared.type).config, declared.options)
    except VaultError as error:
        return [_problem(Problem(what=str(error)), f"{path}.type", declared, file)]
    except ConfigError as error:
        return [
            _problem(problem, f"{path}.{problem.path}" if problem.path else path, declared, file)
            for problem in error.problems
        ]
    return []


def _problem(
    problem: Problem, path: str, declared: VaultDeclaration, file: RepositoryFile
) -> Problem:
    place = declared.place
    lines = file.text.splitlines()
    return attrs.evolve(
        problem,
        path=path,
        file=file.source,
        line=place.line,
        column=place.column,
        source_line=lines[place.line - 1] if 1 <= place.line <= len(lines) else None,
    )
