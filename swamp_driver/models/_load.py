"""Model classes from where they are: a file of sources, or an installed module.

An origin says where, as JSON: `{"file": "git.py", "class": "Git"}` within a folder of sources, or
`{"module": "acme.models", "class": "Git"}`. The folder comes last on the path for a file, so that a
model called `random.py` is no rival of the standard library, and first for a package, which is the
one that is meant whatever is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import re
import sys
import types
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Callable

from swamp_driver.models._errors import DefinitionError
from swamp_driver.models._model import Model

Read = Callable[[str], bytes]
"""Returns the content of a file of the folder of sources."""


def load_file(file: str, read: Read, folder: str) -> types.ModuleType:
    """Execute a file of the folder of sources as a module, and return it."""
    name = _module_name(PurePosixPath(file).stem)
    shown = str(PurePosixPath(folder) / file)
    source = read(file)
    code = compile(source, shown, "exec", dont_inherit=True)
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    linecache.cache[shown] = (len(source), None, lines, shown)
    module = types.ModuleType(name)
    module.__file__ = shown
    sys.modules[name] = module
    if folder not in sys.path:
        sys.path.append(folder)
    exec(code, module.__dict__)  # noqa: S102 - that is what running a model is
    return module


def _module_name(stem: str) -> str:
    """Return the name of a file's module: its own, so that child processes find it by it too."""
    if stem.isidentifier() and stem not in sys.modules and importlib.util.find_spec(stem) is None:
        return stem
    return "swamp_model_" + re.sub(r"\W", "_", stem)


def models_in(module: types.ModuleType) -> list[type[Model]]:
    """Return the model classes that a module itself defines; those without a type are bases."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Model)
        and value.__module__ == module.__name__
        and "type" in vars(value)
    ]


def load_class(origin: Mapping[str, Any], read: Read, folder: str) -> type[Model]:
    """Return the class that an origin names.

    Raises:
        DefinitionError: It names none.
    """
    if "file" in origin:
        found: Any = load_file(origin["file"], read, folder)
    else:
        if folder:
            sys.path.insert(1, folder)
        found = importlib.import_module(origin["module"])
    for part in origin["class"].split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type) or not issubclass(found, Model):
        raise DefinitionError(f"{origin['class']!r} is no model class")
    return found
