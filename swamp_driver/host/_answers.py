"""What expressions ask while a run goes on: answered from data, files and vaults.

Nothing is opened before it is asked for: most runs ask nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import TYPE_CHECKING

from swamp_driver.errors import NotFoundError, VaultError
from swamp_driver.host._repository import read_repository_file
from swamp_driver.host._run_data import RunData
from swamp_driver.spec import Json

if TYPE_CHECKING:
    from swamp_driver.host.data import DataView
    from swamp_driver.host.vaults import Vaults


class RunAnswers:
    """The answers for one run. Methods may be called from any thread."""

    def __init__(self, data: RunData, *, run_id: str) -> None:
        self._data = data
        self._run_id = run_id
        self._lock = threading.RLock()
        self._vaults: Vaults | None = None
        self._secrets: dict[str, str] = {}

    def take_secrets(self) -> dict[str, str]:
        """Return what vaults gave since this was last called, by `vault/key`."""
        with self._lock:
            taken, self._secrets = self._secrets, {}
            return taken

    def call(self, function: str, arguments: tuple[Json, ...], *, job: str) -> Json:
        """Return what a function of expressions gives: see `Answers` of the workflow layer.

        Raises:
            ExpressionError: it has no answer.
            StoreError: the data cannot be read.
        """
        try:
            return self._answer(function, arguments, job)
        except (VaultError, NotFoundError) as error:
            from swamp_driver.workflow import ExpressionError  # noqa: PLC0415 - see the module

            raise ExpressionError(str(error)) from error

    def _answer(self, function: str, arguments: tuple[Json, ...], job: str) -> Json:
        if function == "vault.get":
            vault, key = map(str, arguments)
            return self._secret(vault, key)
        from swamp_driver.host import _ask  # noqa: PLC0415 - see the module

        if function == "file.contents" and len(arguments) == 1:
            return _ask.read_repository_text(self._data.repository, str(arguments[0]))
        if function == "file.contents":
            model, name = map(str, arguments)
            return _ask.read_data_text(self._data.store(), self._view(job), model, name)
        return _ask.ask_data(self._view(job), function.removeprefix("data."), arguments)

    def models(self, names: Collection[str] | None, *, job: str) -> dict[str, Json]:
        """Return what models have written: see `Answers` of the workflow layer."""
        from swamp_driver.host._ask import ask_models  # noqa: PLC0415 - see the module

        return ask_models(self._view(job), names)

    def _view(self, job: str) -> DataView:
        return self._data.store().as_seen(run_id=self._run_id, job=job)

    def _secret(self, vault: str, key: str) -> str:
        value = self._opened_vaults().get(vault, key)
        with self._lock:
            self._secrets[f"{vault}/{key}"] = value
        return value

    def _opened_vaults(self) -> Vaults:
        from swamp_driver.host.vaults import Vaults  # noqa: PLC0415 - see the module

        with self._lock:
            if self._vaults is None:
                file = read_repository_file(self._data.repository)
                declared = {} if file is None else file.vaults
                self._vaults = Vaults(declared, repository=str(self._data.repository))
            return self._vaults
