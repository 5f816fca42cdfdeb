"""Models: what a workflow calls methods of. Write one as a class, put it where it is found.

Standard library only, Python 3.9 or newer: this package travels with a model's source to where the
driver runs steps, and imports nothing else of the project. See `Model` for the whole of it.
"""

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
from swamp_driver.models._try import Tried, try_method

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
