"""The command line: results on stdout, progress and problems on stderr.

Exit codes: 0 done, 1 the run failed, 2 the input was wrong, 130 stopped with Ctrl-C,
143 with SIGTERM, 129 with SIGHUP.
"""

from p2pkd.cli import calibrate, cost, doctor, export, inspect, results, run, sweep, verify
from p2pkd.cli.app import app

__all__ = [
    "app",
    "calibrate",
    "cost",
    "doctor",
    "export",
    "inspect",
    "results",
    "run",
    "sweep",
    "verify",
]
