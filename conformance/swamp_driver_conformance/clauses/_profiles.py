"""Profiles: what kind of driver one claims to be."""

from __future__ import annotations

import attrs

from swamp_driver.spec import Capability


@attrs.frozen(kw_only=True)
class Profile:
    """A kind of driver: capabilities that it has to declare beside keeping the core.

    The tests that run do not depend on it: what is declared is always tested.
    """

    name: str
    summary: str
    requires: frozenset[str] = frozenset()


PROFILES = (
    Profile(name="core", summary="every driver"),
    Profile(
        name="host",
        summary="steps see a directory of this host, shared with other drivers of the run",
        requires=frozenset({Capability.HOST_VISIBLE, Capability.ATTACH}),
    ),
    Profile(
        name="container",
        summary="steps are kept apart from the host and cannot outlive themselves",
        requires=frozenset(
            {
                Capability.CONTAINMENT,
                Capability.ISOLATION,
                Capability.LEFTOVERS,
                Capability.RECOVERABLE,
            }
        ),
    ),
    Profile(
        name="session",
        summary="a container in which all steps of the run share one place",
        requires=frozenset(
            {
                Capability.CONTAINMENT,
                Capability.ISOLATION,
                Capability.LEFTOVERS,
                Capability.RECOVERABLE,
                Capability.SESSION,
            }
        ),
    ),
    Profile(
        name="remote",
        summary="steps run on another machine; what a dead controller left can be found",
        requires=frozenset({Capability.CONTAINMENT, Capability.LEFTOVERS, Capability.RECOVERABLE}),
    ),
)


def profile_by_name(name: str) -> Profile:
    """Return the profile of that name; raise `KeyError` where there is none."""
    for profile in PROFILES:
        if profile.name == name:
            return profile
    raise KeyError(name)
