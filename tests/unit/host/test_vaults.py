"""Vaults: what gives secrets, and what is said where one cannot."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from swamp_driver.errors import VaultError, WorkflowError
from swamp_driver.host.vaults import Vaults, check_vaults
from swamp_driver.workflow import VaultDeclaration, parse_repository_file


def _vaults(tmp_path: Path, **declared: dict[str, Any]) -> Vaults:
    return Vaults(
        {
            name: VaultDeclaration(type=options.pop("type"), options=options)
            for name, options in declared.items()
        },
        repository=str(tmp_path),
    )


def _error(ask: Callable[[], object]) -> str:
    with pytest.raises(VaultError) as caught:
        ask()
    return str(caught.value)


def _secret_file(tmp_path: Path, name: str, text: str, mode: int = 0o600) -> None:
    directory = tmp_path / "secrets"
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text, encoding="utf-8")
    (directory / name).chmod(mode)


def test_the_environment_needs_no_declaration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there, and nothing of it is copied into a file."""
    monkeypatch.setenv("SWAMP_TEST_TOKEN", "hunter22")
    assert _vaults(tmp_path).get("env", "SWAMP_TEST_TOKEN") == "hunter22"
    ci = _vaults(tmp_path, ci={"type": "env", "prefix": "SWAMP_TEST_"})
    assert ci.get("ci", "TOKEN") == "hunter22"
    assert _error(lambda: ci.get("ci", "OTHER")) == "the vault 'ci' (env) has no 'OTHER'"


def test_a_directory_has_a_file_for_each_key(tmp_path: Path) -> None:
    """As containers and clusters mount secrets; an editor's line end is no part of them."""
    _secret_file(tmp_path, "token", "hunter22\n")
    vaults = _vaults(tmp_path, files={"type": "file", "directory": "secrets"})
    assert vaults.get("files", "token") == "hunter22"
    assert _error(lambda: vaults.get("files", "other")) == "the vault 'files' (file) has no 'other'"


@pytest.mark.parametrize("key", ["../token", "a/b", "", ".hidden", "/etc/passwd", "a\0b"])
def test_a_key_cannot_leave_the_directory(tmp_path: Path, key: str) -> None:
    """A key may come from an input."""
    _secret_file(tmp_path, "token", "x")
    vaults = _vaults(tmp_path, files={"type": "file", "directory": "secrets"})
    assert "cannot be the name of a file with a secret" in _error(lambda: vaults.get("files", key))


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """It may be known already: whoever set it up must know."""
    _secret_file(tmp_path, "token", "hunter22", mode=0o640)
    vaults = _vaults(tmp_path, files={"type": "file", "directory": "secrets"})
    assert _error(lambda: vaults.get("files", "token")) == (
        f"vault 'files': others than its owner can use '{tmp_path}/secrets/token' (mode 640): "
        "write 'chmod 600' for it, or 'checkMode: false' in the vault's options"
    )
    unchecked = {"type": "file", "directory": "secrets", "checkMode": False}
    assert _vaults(tmp_path, files=unchecked).get("files", "token") == "hunter22"


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    """That is another mistake than a key that is missing."""
    vaults = _vaults(tmp_path, files={"type": "file", "directory": "secrets"})
    expected = f"vault 'files': there is no directory '{tmp_path}/secrets'"
    assert _error(lambda: vaults.get("files", "token")) == expected


_WITH_A_KEYRING = """
import keyring
from keyring.backend import KeyringBackend
from swamp_driver.errors import VaultError
from swamp_driver.host.vaults import Vaults
from swamp_driver.workflow import VaultDeclaration

class Held(KeyringBackend):
    priority = 1.0
    def get_password(self, service, username):
        return {("swamp-driver", "token"): "hunter22"}.get((service, username))
    def set_password(self, service, username, password):
        raise NotImplementedError

keyring.set_keyring(Held())
vaults = Vaults({"mine": VaultDeclaration(type="keyring")}, repository="/")
print(vaults.get("mine", "token"))
try:
    vaults.get("mine", "other")
except VaultError as error:
    print(error)
"""


@pytest.mark.skipif(not importlib.util.find_spec("keyring"), reason="keyring is not installed")
def test_the_keyring_is_asked() -> None:
    """Through the library, whatever keeps the secrets behind it.

    In a process of its own: with the library come finders of modules for the whole process.
    """
    done = subprocess.run(
        [sys.executable, "-c", _WITH_A_KEYRING], check=True, capture_output=True, text=True
    )
    assert done.stdout == "hunter22\nthe vault 'mine' (keyring) has no 'other'\n"


def test_a_vault_that_is_not_declared_is_said(tmp_path: Path) -> None:
    """With what there is instead."""
    vaults = _vaults(tmp_path, prod={"type": "env"})
    assert (
        _error(lambda: vaults.get("prd", "x")) == "there is no vault 'prd' (did you mean 'prod'?)"
    )


_PLUG_IN = """
import attrs

@attrs.frozen
class Config:
    pass

class Strange:
    config = Config
    asked = []
    def __init__(self, config, repository):
        pass
    def get(self, key):
        self.asked.append(key)
        if key == "boom":
            raise RuntimeError("hunter22 is the password")
        return {"good": "value", "number": 7}.get(key)
"""


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution with a type of vaults."""
    site = tmp_path / "site"
    info = site / "strange-1.dist-info"
    info.mkdir(parents=True)
    (site / "strange_vault.py").write_text(_PLUG_IN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[swamp.vaults]\nstrange = strange_vault:Strange\n")
    monkeypatch.syspath_prepend(str(site))


@pytest.mark.usefixtures("plug_in")
def test_other_packages_offer_types(tmp_path: Path) -> None:
    """Each secret is asked for once: a vault may be slow, or ask a person."""
    vaults = _vaults(tmp_path, mine={"type": "strange"})
    assert [vaults.get("mine", "good") for _ in range(2)] == ["value", "value"]
    from strange_vault import Strange  # type: ignore[import-not-found]

    assert Strange.asked.count("good") == 1


@pytest.mark.usefixtures("plug_in")
def test_what_a_type_does_wrong_is_said_without_its_words(tmp_path: Path) -> None:
    """The message of an exception may hold the secret."""
    vaults = _vaults(tmp_path, mine={"type": "strange"})
    assert _error(lambda: vaults.get("mine", "boom")) == (
        "vault 'mine': its type 'strange' failed with RuntimeError"
    )
    assert _error(lambda: vaults.get("mine", "number")) == (
        "vault 'mine': its type 'strange' gave int, not text"
    )


def test_declarations_are_checked_before_anything_runs() -> None:
    """All that is wrong is said at once, where it stands."""
    text = (
        "vaults:\n  a: {type: evn}\n  b: {type: file}\n  c: {type: env, prefix: 3}\n"
        "  d: {type: keyring, servce: x}\n"
    )
    with pytest.raises(WorkflowError) as caught:
        check_vaults(parse_repository_file(text, source=".swamp-driver.yaml"))
    assert [str(attrs.evolve(problem, file="")) for problem in caught.value.problems] == [
        "2:6: vaults.a.type: unknown vault type 'evn' (did you mean 'env'?)",
        (
            "3:6: vaults.b.directory: the option 'directory' is required and missing (text: "
            "The directory with a file for each key; "
            "a relative path begins at the repository.)"
        ),
        "4:6: vaults.c.prefix: expected text, found integer",
        "5:6: vaults.d.servce: unknown option 'servce' (did you mean 'service'?)",
    ]
    assert caught.value.problems[0].source_line == "  a: {type: evn}"
