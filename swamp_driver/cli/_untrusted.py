"""Text that we did not write, made safe to show on a terminal.

Step output, names, file contents and messages of drivers may hold anything. On a terminal a control
character can move the cursor, retitle the window, answer for the user or hide what stands there.
"""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = (
    *range(0x09),  # C0 controls, but not the tab
    *range(0x0A, 0x20),
    *range(0x7F, 0xA0),  # DEL and C1
    *(0x200E, 0x200F, 0x2028, 0x2029),  # what breaks lines, and what reorders them
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
)
_NEEDS_WORK = f"[{re.escape(''.join(map(chr, _UNSAFE)))}]"
_SGR = r"\x1b\[[0-9;:]{0,64}m"
# Progress bars erase the line and hide the cursor all the time; in a view of whole lines that
# means nothing, and as `^[[K` it would only be litter.
_MEANINGLESS = r"\x1b\[[0-2]?K|\x1b\[\?25[hl]"
_SEQUENCE = f"({_SGR})|{_MEANINGLESS}"
_RESET = r"\x1b\[0*m"
RESET = "\x1b[0m"
_LONGEST_STATE = 128


def _spell(char: str) -> str:
    if char in "\n\r":
        return "\\n" if char == "\n" else "\\r"
    code = ord(char)
    if code < 0x20:  # noqa: PLR2004 - the C0 controls, in caret notation
        return "^" + chr(code + 0x40)
    return "^?" if char == "\x7f" else f"\\u{code:04x}"


_SPELLED = {code: _spell(chr(code)) for code in _UNSAFE}


def _is_harmless(text: str) -> bool:
    # What is printable to Python has none of them: most text need not be looked through.
    return text.isprintable() or re.search(_NEEDS_WORK, text) is None


def escape_controls(text: str) -> str:
    r"""Return one line in which every control character is visible (`^[`, `\n`, `\u202e`)."""
    if _is_harmless(text):
        return text
    return text.translate(_SPELLED)


def escape_lines(text: str) -> str:
    """Return `text` with its line ends kept and all other control characters visible."""
    return "\n".join(escape_controls(line) for line in text.splitlines())


def show_output(line: str, *, colour: bool) -> str:
    """Return a line of step output with SGR sequences kept (or dropped) and no other control."""
    if _is_harmless(line):
        return line
    text_and_sgr = re.split(_SEQUENCE, line) if "\x1b" in line else [line]
    text_and_sgr[::2] = [text.translate(_SPELLED) for text in text_and_sgr[::2]]
    return "".join(part for part in (text_and_sgr if colour else text_and_sgr[::2]) if part)


def colours_left_on(line: str, *, before: str) -> str:
    """Return the SGR sequences in force after `line`, `before` those in force at its start.

    The next line of the same step begins with them, since other text stands between the two.
    """
    if "\x1b" not in line:
        return before
    state = before
    for sequence in re.findall(_SGR, line):
        state = "" if re.fullmatch(_RESET, sequence) else state + sequence
    return state[-_LONGEST_STATE:] if len(state) <= _LONGEST_STATE else ""


def cell_width(text: str) -> int:
    """Return how many terminal columns `text` takes; it holds no control characters."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, width: int, *, ellipsis: str = "…") -> str:
    """Return `text` cut to `width` columns, with an ellipsis where something is missing."""
    if cell_width(text) <= width:
        return text
    room = width - len(ellipsis)
    if room < 0:
        return ""
    kept = []
    for char in text:
        room -= _char_width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + ellipsis


def pad(text: str, width: int) -> str:
    """Return `text` with spaces after it up to `width` columns."""
    return text + " " * (width - cell_width(text))
