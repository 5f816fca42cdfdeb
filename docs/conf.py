"""How the documentation is built: `sphinx-build -W -n docs docs/_build/html`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import attrs
from sphinx.ext.napoleon.docstring import GoogleDocstring

import swamp_driver

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.ext.autodoc._property_types import _AutodocObjType

project = "swamp-drivers"
author = "The swamp-drivers maintainers"
copyright = "the swamp-drivers maintainers"  # noqa: A001 - the name that Sphinx reads
release = version = swamp_driver.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
default_role = "code"  # docstrings write `names` as Markdown does

html_theme = "furo"
html_title = "swamp-drivers"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_show_sphinx = False

autodoc_default_options = {"undoc-members": True}  # fields whose name says it all
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# Seven lines of a recursive union tell nobody anything.
autodoc_type_aliases = {"Json": "Json", "ConfigTree": "ConfigTree"}
autoclass_content = "class"
python_use_unqualified_type_names = True

# The standard library and third parties stay plain text: the build needs no network.
_FOREIGN = "|".join([*sys.stdlib_module_names, "attr", "attrs", "click", "pluggy", "Path"])
nitpick_ignore_regex = [("py:.*", rf"({_FOREIGN})(\..*)?")]
_ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")  # how autodoc prints one within another type
_UNDOCUMENTED = ("Condition", "ConfigTree", "Json", "Preserve", "Sharing", "TypeAliasForwardRef")
nitpick_ignore = [("py:class", name) for name in _UNDOCUMENTED]
nitpick_ignore_regex += [("py:class", r"swamp_driver\..*\._\w+\.[A-Z]")]  # type variables


def setup(app: Sphinx) -> None:
    """Show docstrings and signatures as they are meant.

    Docstrings of functions and classes are in Google style, those of attributes are plain text:
    the napoleon extension by itself takes an attribute's "The name, any text: for labels only"
    for a type and a description.
    """
    app.connect("autodoc-process-docstring", _read_google_style)
    app.connect("autodoc-process-signature", _shorten_signature)


def _read_google_style(
    app: Sphinx, what: _AutodocObjType, name: str, obj: object, options: object, lines: list[str]
) -> None:
    if what not in {"attribute", "data", "property"}:
        lines[:] = GoogleDocstring(lines, what=what, name=name, obj=obj).lines()


def _shorten_signature(
    app: Sphinx, what: str, name: str, obj: object, *rest: str | None
) -> tuple[str, str | None] | None:
    """Leave out the signatures of value classes: their fields stand below, one by one."""
    _, arguments, returns = rest
    if isinstance(obj, type) and attrs.has(obj):
        return "", None
    return (_ALIAS.sub(r"\1", arguments), returns) if arguments else None
