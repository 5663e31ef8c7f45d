"""The frozen world of a run: graph, links, devices, data, built from a scenario and its seed."""
