"""What is minimised: one objective a file."""

from p2pkd.distillation import local, merge, mutual, response, self_

__all__ = ["local", "merge", "mutual", "response", "self_"]
