"""The invented run of tests/analysis, for tests of what is made of it."""

import importlib.util
import sys
from pathlib import Path

_path = Path(__file__).parent.parent / "analysis" / "conftest.py"
_spec = importlib.util.spec_from_file_location("invented_run", _path)
assert _spec is not None
assert _spec.loader is not None
invented = importlib.util.module_from_spec(_spec)
sys.modules["invented_run"] = invented
_spec.loader.exec_module(invented)

make_run, result = invented.make_run, invented.result
