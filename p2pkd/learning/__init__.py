"""Models, deferred and grouped operations on them, and their evaluation."""
