"""Lines with ANSI colours on stdin -> an SVG picture of a terminal on stdout."""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

title, columns = sys.argv[1], int(sys.argv[2])
console = Console(
    record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor"
)
for line in sys.stdin.read().rstrip("\n").split("\n"):
    console.print(Text.from_ansi(line), overflow="crop", no_wrap=True)
console.print()
# A font of the machine that looks at it: nothing is fetched.
picture = console.export_svg(title=title, theme=SVG_EXPORT_THEME)
start, end = picture.index("@font-face"), picture.rindex("@font-face")
end = picture.index("}", end) + 1
sys.stdout.write(picture[:start] + picture[end:].replace("Fira Code", "DejaVu Sans Mono"))
