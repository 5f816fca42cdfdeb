"""Keeping the environment of whoever runs the suite out of what it says.

A driver that passes its caller's environment on to steps is found by what steps write, and that
goes into messages, logs of CI and published reports.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import attrs

_LEAST_LENGTH = 8
_LEAST_LENGTH_OF_SECRETS = 4
_SECRET = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
_HARMLESS = re.compile(
    r"(PATH|HOME|PWD|OLDPWD|SHELL|SHLVL|TERM|LANG|LANGUAGE|LC_.*|TZ|USER|LOGNAME|MAIL|_|TMPDIR"
    r"|EDITOR|PAGER|VIRTUAL_ENV|PYTHON.*|PYTEST_.*|PIP_.*|XDG_.*)\Z"
)
"""Variables whose values messages need, or that say nothing: they are shown."""


@attrs.frozen
class Mask:
    """Values that are not to be shown, each with the word that stands for it."""

    _words: Mapping[str, str] = attrs.field(factory=dict)
    _pattern: re.Pattern[str] | None = None

    @staticmethod
    def of(environment: Mapping[str, str]) -> Mask:
        """Return the mask for the values of an environment.

        Harmless variables are left out, and values that are too short to be told from other text:
        less than eight characters, or four where the name is that of a secret.
        """
        words = {
            form: f"<value of {name}>"
            for name, value in environment.items()
            if not _HARMLESS.match(name) and len(value) >= _least_length(name)
            for form in _forms(value)
        }
        longest_first = sorted(words, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, longest_first))) if words else None
        return Mask(words, pattern)

    def __call__(self, text: str) -> str:
        """Return the text without the values. Mask before a text is cut: half a value is one."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._words[found[0]], text)


def _least_length(name: str) -> int:
    return _LEAST_LENGTH_OF_SECRETS if _SECRET.search(name) else _LEAST_LENGTH


def _forms(value: str) -> Iterator[str]:
    """Yield a value as it is, and as `repr` and shells quote it."""
    encoded = value.encode(errors="surrogateescape")
    for form in (value, encoded.decode(errors="backslashreplace"), shlex.quote(value).strip("'")):
        yield form
        yield repr(form)[1:-1]
    yield repr(encoded)[2:-1]
