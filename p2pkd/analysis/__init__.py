"""From a run directory to data frames, costs and figures."""
