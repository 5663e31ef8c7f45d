"""Runs as data: their directories, tables and texts, and numbers as a reader writes them."""
