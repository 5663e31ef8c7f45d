"""Studies: many scenarios from one file, run on many cores, and one table at the end."""

from p2pkd.study.load import Study, load_study
from p2pkd.study.start import run_study, sweep_of
from p2pkd.study.sweep import Sweep

__all__ = ["Study", "Sweep", "load_study", "run_study", "sweep_of"]
