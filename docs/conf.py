"""Sphinx configuration: https://www.sphinx-doc.org/en/master/usage/configuration.html."""

from __future__ import annotations

import sys
from importlib.metadata import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "lisa-scaffold"
release = metadata("lisa-scaffold")["Version"]
author = "LISA Distributed Data Processing Center"
copyright = f"2026, {author}"
html_title = f"lisa-scaffold {release}"

extensions = ["myst_parser", "generated"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# The text blocks of dialogues and messages are no programming language.
highlight_language = "none"

# Quotes and dots alone: what looks like a dash may be an option.
smartquotes_action = "qe"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["lisa.css"]
html_show_sphinx = False
html_theme_options = {
    "source_edit_link": "https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/edit/main/docs/{filename}",
    "source_view_link": "https://gitlab.in2p3.fr/LISA/lisa-scaffold/-/blob/main/docs/{filename}",
}
