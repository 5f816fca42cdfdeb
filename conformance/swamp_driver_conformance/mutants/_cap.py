"""Mutants of what a driver says of itself (CAP, CONFIG)."""

from __future__ import annotations

import subprocess
import threading
from typing import Any

import attrs

from swamp_driver.spec import (
    ApiVersion,
    Availability,
    Capability,
    ConfigSample,
    Leftover,
    RunContext,
    Workspace,
    WorkspaceRequest,
    hookimpl,
    option,
)
from swamp_driver_conformance.mutants._registry import declares, mutant
from swamp_driver_conformance.reference import ReferenceConfig, ReferenceDriver


@mutant("declares a capability that is not in the contract", kills="CAP-001")
class UnknownCapability(ReferenceDriver):
    info = declares("teleport")


@mutant("was written for another major version of the contract", kills="CAP-002")
class OtherApi(ReferenceDriver):
    info = attrs.evolve(ReferenceDriver.info, api=ApiVersion(major=2, minor=0))


@mutant("gives an argument of a hook a default value", kills="CAP-003")
class DefaultArgument(ReferenceDriver):
    @hookimpl
    def probe_environment(self, config: object = None) -> Availability:
        del config
        return Availability(available=True, detail="fine")


@mutant("attaches although it does not declare it", kills="CAP-004")
class AttachesUndeclared(ReferenceDriver):
    info = declares(without=Capability.ATTACH)

    def refuse_undeclared(self, request: WorkspaceRequest) -> None:
        pass


@mutant("keeps persistent workspaces although it does not declare it", kills="CAP-005")
class PersistsUndeclared(ReferenceDriver):
    info = declares(without=Capability.PERSISTENT)

    def refuse_undeclared(self, request: WorkspaceRequest) -> None:
        pass


@mutant("refuses what it does not declare only when it has made the directory", kills="CAP-005")
class RefusesTooLate(ReferenceDriver):
    info = declares(without=Capability.PERSISTENT)

    def refuse_undeclared(self, request: WorkspaceRequest) -> None:
        if request.persistent:
            self.files(request).path.mkdir()
        super().refuse_undeclared(request)


@mutant("says that the host does not see the workspace, which it declares", kills="CAP-006")
class HidesWorkspace(ReferenceDriver):
    def workspace(self, run: RunContext) -> Workspace:
        return attrs.evolve(super().workspace(run), host_visible=False)


@mutant(
    "lists leftovers only after it has run something",
    kills="CAP-007",
    also="GC-001 GC-002 GC-003 GC-004 GC-005 GC-006 GC-007",
)
class ListsOnlyAfterRun(ReferenceDriver):
    @hookimpl
    def list_leftovers(self) -> list[Leftover] | None:
        if self._state == "new":
            return None
        return super().list_leftovers()


@attrs.frozen(kw_only=True)
class HelplessConfig(ReferenceConfig):
    level: int = option(default=1, help="")


@mutant("has an option without a help text", kills="CONFIG-001")
class HelplessOption(ReferenceDriver):
    info = attrs.evolve(ReferenceDriver.info, config=HelplessConfig)


@mutant("has a good sample that is refused", kills="CONFIG-002")
class WrongGoodSample(ReferenceDriver):
    info = attrs.evolve(
        ReferenceDriver.info,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(title="outdated", data={"recordsDir": "/tmp"}),  # noqa: S108
        ),
    )


@mutant("accepts what it calls a bad sample", kills="CONFIG-003")
class AcceptedBadSample(ReferenceDriver):
    info = attrs.evolve(
        ReferenceDriver.info,
        bad_configs=(ConfigSample(title="a relative path", data={"records": "here"}),),
    )


@mutant("starts a thread when it is constructed", kills="CONFIG-005", also="TD-010 CONFIG-008")
class ThreadAtConstruction(ReferenceDriver):
    def __init__(self, config: ReferenceConfig) -> None:
        super().__init__(config)
        threading.Thread(target=threading.Event().wait, args=(30,), daemon=True).start()


@mutant("starts a process when it is constructed", kills="CONFIG-005", also="TD-010")
class ProcessAtConstruction(ReferenceDriver):
    def __init__(self, config: ReferenceConfig) -> None:
        super().__init__(config)
        self._helper = subprocess.Popen(("sleep", "20"))
        self._helper.returncode = 0


@mutant("answers the probe with a dictionary", kills="CONFIG-008")
class ProbeAnswersOtherwise(ReferenceDriver):
    @hookimpl
    def probe_environment(self) -> Any:
        return {"available": True}


@mutant("leaves a thread at each probe", kills="CONFIG-008")
class ProbeLeavesThreads(ReferenceDriver):
    @hookimpl
    def probe_environment(self) -> Availability:
        threading.Thread(target=threading.Event().wait, args=(30,), daemon=True).start()
        return Availability(available=True, detail="fine")
