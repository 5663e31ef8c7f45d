"""What is minimised: one objective a file."""

from p2pkd.distillation import local, merge, multi_teacher, mutual, offline, response, self_

__all__ = ["local", "merge", "multi_teacher", "mutual", "offline", "response", "self_"]
