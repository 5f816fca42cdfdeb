"""The smallest driver that keeps the whole contract: steps are processes of this host.

It is written for reading and for breaking: the mutants are subclasses of its parts. It uses
nothing but the contract and the standard library, so it is a second, independent implementation
beside the drivers that this project ships.
"""

from swamp_driver_conformance.reference._config import ReferenceConfig
from swamp_driver_conformance.reference._driver import ReferenceDriver
from swamp_driver_conformance.reference._exchange import Exchange
from swamp_driver_conformance.reference._files import RunFiles
from swamp_driver_conformance.reference._output import OutputPump
from swamp_driver_conformance.reference._records import Record, Records
from swamp_driver_conformance.reference._step import StepRun
from swamp_driver_conformance.reference._tree import TreeRemoval, own_tree

__all__ = [
    "Exchange",
    "OutputPump",
    "Record",
    "Records",
    "ReferenceConfig",
    "ReferenceDriver",
    "RunFiles",
    "StepRun",
    "TreeRemoval",
    "own_tree",
]
