"""The directory of a run on a file system that this process sees: made, used, repaired, removed.

For hosts and for drivers alike. What is below a run directory was made by steps and is hostile:
nothing here follows a symlink in it, crosses a mount, or counts on names to stay what they were.
"""

from typing import TYPE_CHECKING

from swamp_driver._lazy import load_on_use
from swamp_driver.rundir._create import (
    attach_run_dir,
    create_run_dir,
    keep_run_dir,
    make_reusable,
)
from swamp_driver.rundir._exchange import (
    Collected,
    collect_exchange,
    make_exchange,
    remove_exchange,
)
from swamp_driver.rundir._marker import Marker, read_marker
from swamp_driver.rundir._ownership import measure_tree, repair_ownership
from swamp_driver.rundir._remove import remove_tree
from swamp_driver.rundir._remove_run import remove_run_dir

if TYPE_CHECKING:
    from swamp_driver.rundir._inspect import TreeEntry, TreeView, inspect_tree
    from swamp_driver.rundir._listing import FoundRunDir, list_run_dirs
    from swamp_driver.rundir._replace import StreamReplacer
else:  # what runs do not need
    __getattr__, __dir__ = load_on_use(
        __name__,
        {
            "_inspect": ("TreeEntry", "TreeView", "inspect_tree"),
            "_listing": ("FoundRunDir", "list_run_dirs"),
            "_replace": ("StreamReplacer",),
        },
    )

__all__ = [
    "Collected",
    "FoundRunDir",
    "Marker",
    "StreamReplacer",
    "TreeEntry",
    "TreeView",
    "attach_run_dir",
    "collect_exchange",
    "create_run_dir",
    "inspect_tree",
    "keep_run_dir",
    "list_run_dirs",
    "make_exchange",
    "make_reusable",
    "measure_tree",
    "read_marker",
    "remove_exchange",
    "remove_run_dir",
    "remove_tree",
    "repair_ownership",
]
