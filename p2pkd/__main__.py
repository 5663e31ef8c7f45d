"""`python -m p2pkd` is the command line."""

from p2pkd.cli import app

app(prog_name="p2pkd")
