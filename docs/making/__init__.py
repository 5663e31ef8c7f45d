"""What writes the tables, figures and sentences of the docs; run by `make results`."""
