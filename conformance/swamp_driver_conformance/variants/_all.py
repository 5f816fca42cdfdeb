"""The list of variants."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Variant:
    """A driver that is correct, and what is different about it."""

    name: str
    object_path: str
    story: str
    needs: tuple[str, ...] = ()
    """What has to be there for it: `root`, `linux`."""
    root_name: str = ""
    """The name of the directory that its runs are below, where that is the difference."""


def _plain(name: str, cls: str, story: str, **more: object) -> Variant:
    path = f"swamp_driver_conformance.variants._plain:{cls}"
    return Variant(name=name, object_path=path, story=story, **more)  # type: ignore[arg-type]


VARIANTS: tuple[Variant, ...] = (
    Variant(
        name="reference",
        object_path="swamp_driver_conformance.reference:ReferenceDriver",
        story="the reference driver itself",
    ),
    Variant(
        name="odd-root",
        object_path="swamp_driver_conformance.reference:ReferenceDriver",
        story="runs are below a directory with a space and other letters in its name",
        root_name="with space, größe",
    ),
    _plain("bare", "BareDriver", "no optional capability, no optional hook, no handle"),
    _plain("slow", "SlowDriver", "everything takes longer; progress is reported"),
    _plain("odd-handle", "OddHandleDriver", "another shape of handle, and a command to enter"),
    _plain("small-pieces", "SmallPiecesDriver", "output arrives in pieces of seven bytes"),
    _plain("own-threads", "OwnThreadsDriver", "steps run in threads of the driver"),
    _plain("aside", "AsideDriver", "a run directory is renamed before it is removed"),
    _plain("terse", "TersePlaceDriver", "usage is not known; more words elsewhere"),
    Variant(
        name="contained",
        object_path="swamp_driver_conformance.variants._contained:ContainedDriver",
        story="declares containment: a supervisor collects what steps leave",
        needs=("linux",),
    ),
    _plain(
        "full",
        "FullDriver",
        "all capabilities that a process of this host can have, the user among them",
        needs=("linux", "root", "setpriv"),
    ),
    Variant(
        name="apart",
        object_path="swamp_driver_conformance.variants._apart:ApartDriver",
        story="the host does not see the workspace; one session for all steps",
        needs=("linux", "root", "unshare"),
    ),
)
