"""Models: what a workflow calls methods of. Write one as a class, put it where it is found.

Standard library only, Python 3.9 or newer: this package travels with a model's source to where the
driver runs steps, and imports nothing else of the project. See `Model` for the whole of it.
"""

from typing import TYPE_CHECKING, Any

from swamp_driver.models._errors import (
    Cancelled,
    DefinitionError,
    LimitError,
    ModelError,
    Problem,
    SchemaError,
)
from swamp_driver.models._files import FileWriter
from swamp_driver.models._model import File, Model, Resource, method

if TYPE_CHECKING:
    from swamp_driver.models._try import Tried, try_method
else:

    def __getattr__(name: str) -> Any:
        """Return what only tests of models use: steps need not load it."""
        if name not in ("Tried", "try_method"):
            raise AttributeError(name)
        from swamp_driver.models import _try  # noqa: PLC0415 - see above

        return getattr(_try, name)


__all__ = [
    "Cancelled",
    "DefinitionError",
    "File",
    "FileWriter",
    "LimitError",
    "Model",
    "ModelError",
    "Problem",
    "Resource",
    "SchemaError",
    "Tried",
    "method",
    "try_method",
]
