"""The folder docs is not a package; what makes the results is found there."""

import sys
from pathlib import Path

DOCS = str(Path(__file__).parents[2] / "docs")
if DOCS not in sys.path:
    sys.path.insert(0, DOCS)
