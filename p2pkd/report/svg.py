"""Figures as SVG that can stand inside an HTML page, the same bytes each time."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import matplotlib
from matplotlib.axes import Axes

# matplotlib's settings belong to the process; only one figure at a time may change them.
_LOCK = threading.Lock()
_ID = re.compile(r'(\bid="|url\(#|href="#)')


def inline_svg(ax: Axes, name: str) -> str:
    """Return the figure of *ax* as one ``<svg>`` element without prolog, date or outside links.

    Letters are outlines, so that the picture needs no font.  Ids begin with *name*, so that
    several figures can share a page.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    buffer = io.StringIO()
    settings: Any = {"svg.hashsalt": name, "svg.fonttype": "path", "path.simplify": True}
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with _LOCK, matplotlib.rc_context(settings):
        figure.savefig(buffer, format="svg", metadata=metadata)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    return _ID.sub(rf"\g<1>{name}-", text)
