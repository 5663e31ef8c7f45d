"""Studies: many scenarios from one file, run on many cores, and one table at the end."""
