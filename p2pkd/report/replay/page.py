"""The page of a replay: data, styles and script in one HTML file that asks for nothing else."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from pathlib import Path

from p2pkd.analysis.result import Result
from p2pkd.core.files import write_text
from p2pkd.report.replay.data import replay_data


class Replay:
    """A replay for notebooks: shown in a frame of its own, cut off from the notebook's page."""

    def __init__(self, page: str) -> None:
        self.page = page

    def _repr_html_(self) -> str:
        return (
            '<iframe sandbox="allow-scripts" style="width:100%;height:760px;border:0" '
            f'srcdoc="{html.escape(self.page)}"></iframe>'
        )


def write_replay(run_dir: str | Path | Result, path: str | Path | None = None) -> Path:
    """Write the replay of a run to *path* (default: ``replay.html`` in its directory); return it.

    Raise ResultError if *run_dir* is not a finished run.
    """
    result = run_dir if isinstance(run_dir, Result) else Result.from_dir(run_dir)
    path = result.path / "replay.html" if path is None else Path(path)
    write_text(path, replay_html(result))
    return path


def replay_html(result: Result) -> str:
    """Return the page as text."""
    here = files("p2pkd.report.replay")
    parts = {
        "TITLE": html.escape(result.name),
        "STYLE": (here / "replay.css").read_text(encoding="utf-8"),
        "DATA": _for_script(replay_data(result)),
        "SCRIPT": (here / "replay.js").read_text(encoding="utf-8"),
    }
    page = (here / "replay.html").read_text(encoding="utf-8")
    # Split first and fill after: a name that reads like a place to fill stays a name.
    pieces = page.split("@@")
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


def _for_script(data: object) -> str:
    """Return *data* as JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
