"""Pieces of shell scripts: nothing but POSIX, and none runs for longer than a few seconds."""

from __future__ import annotations

NAP = "nap() { sleep 0.05 2>/dev/null || sleep 1; }\n"
"""A short pause; where `sleep` takes no fractions, a second."""

BEAT = NAP + ('beat() { n=0; while [ $n -lt 160 ]; do echo x >> "$1"; n=$((n+1)); nap; done; }\n')
"""`beat FILE`: a process that shows that it is alive, for eight seconds."""

UNTIL = NAP + (
    'until_there() { n=0; until [ -e "$1" ]; do n=$((n+1)); '
    '[ $n -gt 160 ] && { echo "no $1" >&2; exit 99; }; nap; done; }\n'
)
"""`until_there FILE`: wait until a file exists; exit with 99 after eight seconds."""

LONG = NAP + "n=0; while [ $n -lt 160 ]; do n=$((n+1)); nap; done\n"
"""Something that takes eight seconds and dies of any signal."""

QUIET = ">/dev/null 2>&1 </dev/null"
"""For background processes that shall not hold the output open."""
