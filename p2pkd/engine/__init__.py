"""The loop: agents, devices, messages and clocks in simulated time (SimPy)."""
