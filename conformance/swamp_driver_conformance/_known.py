"""The file of known failures: clause, reason, and when the excuse ends."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver_conformance.clauses import clause_by_id


@attrs.frozen(kw_only=True)
class KnownFailure:
    """A clause that a driver is known not to keep."""

    clause: str
    reason: str
    expires: datetime.date

    def is_expired(self, today: datetime.date) -> bool:
        """Return whether it excuses nothing any more."""
        return today > self.expires


def read(path: str | None) -> Mapping[str, KnownFailure]:
    """Read the file; raise `ValueError` with what is wrong with it."""
    if path is None:
        return {}
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"'{path}' cannot be read: {error}") from error
    found = [_structure(entry, path) for entry in data.get("known", [])]
    return {known.clause: known for known in found}


def _structure(entry: Mapping[str, object], path: str) -> KnownFailure:
    clause, reason, expires = (entry.get(key) for key in ("clause", "reason", "expires"))
    if not isinstance(clause, str) or not isinstance(reason, str) or not reason:
        raise ValueError(f"'{path}': each [[known]] needs 'clause' and 'reason'")
    try:
        clause_by_id(clause)
    except KeyError as error:
        raise ValueError(f"'{path}': there is no clause '{clause}'") from error
    if isinstance(expires, str):
        expires = datetime.date.fromisoformat(expires)
    if isinstance(expires, datetime.date):
        return KnownFailure(clause=clause, reason=reason, expires=expires)
    raise ValueError(f"'{path}': {clause} needs 'expires' (YYYY-MM-DD)")
