"""How the documentation is built: `sphinx-build -W -n docs docs/_build/html`."""

from __future__ import annotations

import swamp_driver

project = "swamp-drivers"
author = "The swamp-drivers maintainers"
copyright = "the swamp-drivers maintainers"  # noqa: A001 - the name that Sphinx reads
release = version = swamp_driver.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "swamp-drivers"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autoclass_content = "class"
python_use_unqualified_type_names = True

# The standard library and third parties stay plain text: the build needs no network.
_FOREIGN = (
    "abc|attr|attrs|click|collections|concurrent|contextlib|enum|pathlib|pluggy|threading|typing"
)
nitpick_ignore_regex = [("py:.*", rf"({_FOREIGN})(\..*)?")]
