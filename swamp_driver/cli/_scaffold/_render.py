"""From the name of a driver to the files of its package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from string import Template

import attrs

from swamp_driver import __version__

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_LENGTH = 30

_TEMPLATES = {
    "pyproject.toml": "pyproject.toml.tmpl",
    "README.md": "README.md.tmpl",
    ".gitignore": "gitignore.tmpl",
    ".github/workflows/ci.yml": "ci.yml.tmpl",
    "{module}/__init__.py": "package/__init__.py.tmpl",
    "{module}/_driver.py": "package/_driver.py.tmpl",
    "{module}/py.typed": None,
    "tests/test_conformance.py": "tests/test_conformance.py.tmpl",
}


@attrs.frozen
class DriverNames:
    """What a driver and its parts are called."""

    name: str = attrs.field()

    @name.validator
    def _check_name(self, _: object, value: str) -> None:
        if not _NAME.fullmatch(value) or len(value) > _MAX_LENGTH:
            raise ValueError(
                f"{value!r} cannot be the name of a driver (small letters and digits, words joined "
                f"by '-', a letter first, {_MAX_LENGTH} characters at most)"
            )

    @property
    def distribution(self) -> str:
        """Return the name of its package in an index."""
        return f"swamp-driver-{self.name}"

    @property
    def module(self) -> str:
        """Return the name of its package in an import."""
        return self.distribution.replace("-", "_")

    @property
    def class_name(self) -> str:
        """Return the name of its class."""
        return f"{self._stem}Driver"

    @property
    def config_name(self) -> str:
        """Return the name of the class of its options."""
        return f"{self._stem}Config"

    @property
    def _stem(self) -> str:
        return "".join(word.capitalize() for word in self.name.split("-"))


def render_project(names: DriverNames) -> Mapping[str, str]:
    """Return the files of the package: path -> content."""
    words = {
        "name": names.name,
        "distribution": names.distribution,
        "module": names.module,
        "class_name": names.class_name,
        "config_name": names.config_name,
        "version": __version__,
    }
    templates = files("swamp_driver.cli._scaffold")
    return {
        path.format(module=names.module): ""
        if template is None
        else Template(templates.joinpath(template).read_text(encoding="utf-8")).substitute(words)
        for path, template in _TEMPLATES.items()
    }
