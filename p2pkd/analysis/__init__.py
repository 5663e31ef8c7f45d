"""From a run directory to data frames, costs and figures.

`result` and `results` are what a reader opens; below them lie `figures`, `measures` and `io`, each
of which knows only those behind it.
"""
