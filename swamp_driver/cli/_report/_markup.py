"""Step output -> HTML that shows its colours and can be nothing but text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from markupsafe import Markup, escape
from rich.ansi import AnsiDecoder
from rich.style import Style as RichStyle
from rich.text import Text

from swamp_driver.cli._output_lines import OutputLines
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.host import LogExcerpt, LoggedOutput
from swamp_driver.spec import Stream

_NAMED_COLOURS = 16
_LONGEST_LINE = 4000


def log_markup(log: LogExcerpt) -> Markup:
    """Return the lines of a log as HTML: a `span` for each line, those of stderr marked."""
    before = _lines(log.pieces[: log.cut_at] if log.left_out_bytes else log.pieces)
    if not log.left_out_bytes:
        return Markup("\n").join(before)
    cut = Markup('<span class="cut">… {} bytes are left out here …</span>').format(
        f"{log.left_out_bytes:,}"
    )
    return Markup("\n").join([*before, cut, *_lines(log.pieces[log.cut_at :])])


def markdown_markup(text: str) -> Markup:
    """Return Markdown as HTML: tags in it are text, and links lead to pages only."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only where there are reports

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return Markup(reader.render("\n".join(map(escape_controls, text.splitlines()))))  # noqa: S704


def _lines(pieces: Iterable[LoggedOutput]) -> list[Markup]:
    lines = OutputLines(colour=True)
    found: list[Markup] = []
    for piece in pieces:
        found += [_line(text, piece.stream) for text in lines.feed("", piece.stream, piece.data)]
    for stream, rest in lines.finish(""):
        found += [_line(text, stream) for text in rest]
    return found


def _line(text: str, stream: Stream) -> Markup:
    if len(text) > _LONGEST_LINE:
        text = f"{text[:_LONGEST_LINE]}…"
    content = _coloured(AnsiDecoder().decode_line(text)) if "\x1b" in text else escape(text)
    return Markup('<span class="err">{}</span>').format(content) if stream == "stderr" else content


def _coloured(text: Text) -> Markup:
    """Return text with the spans that the decoder found, each piece escaped."""
    plain = text.plain
    edges = sorted({0, len(plain), *(e for span in text.spans for e in (span.start, span.end))})
    found = Markup()
    for start, end in itertools.pairwise(edges):
        covering = [s.style for s in text.spans if s.start <= start and end <= s.end]
        styles = [style for style in covering if isinstance(style, RichStyle)]
        style = RichStyle.combine([RichStyle.null(), *styles])
        found += _span(plain[start:end], style)
    return found


def _span(text: str, style: RichStyle) -> Markup:
    classes = [
        name
        for name, on in (
            ("b", style.bold),
            ("i", style.italic),
            ("u", style.underline),
            ("d", style.dim),
        )
        if on
    ]
    rules = []
    for prefix, rule, colour in (("f", "color", style.color), ("g", "background", style.bgcolor)):
        if colour is None or colour.is_default:
            continue
        if colour.number is not None and colour.number < _NAMED_COLOURS:
            classes.append(f"{prefix}{colour.number}")
        else:
            rules.append(f"{rule}:{colour.get_truecolor().hex}")
    if not classes and not rules:
        return escape(text)
    return Markup('<span class="{}" style="{}">{}</span>').format(
        " ".join(classes), ";".join(rules), text
    )
