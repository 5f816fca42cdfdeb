"""The options of the raw driver."""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver.spec import option

Containment = Literal["auto", "agent", "portable"]


@attrs.frozen(kw_only=True)
class RawConfig:
    """How steps run on this host."""

    pass_env: tuple[str, ...] = option(
        default=(),
        help="Names of variables to pass on from the environment of the caller; `*` and `?` are "
        "wildcards. Nothing else passes but PATH.",
        example=["HTTP_PROXY", "NPM_*"],
    )
    containment: Containment = option(
        default="auto",
        help="What ends the processes that a step leaves behind: `agent` (Linux) finds them all, "
        "`portable` those that keep their process group, session or environment; `auto` takes the "
        "agent where there is one for this machine.",
    )
