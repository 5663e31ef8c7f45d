"""Commands that look at finished runs."""
