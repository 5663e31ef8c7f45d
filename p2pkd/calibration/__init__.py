"""Time of steps on this machine, measured, and the rule that fits it best."""
