"""What is minimised: one objective a file."""

from p2pkd.distillation import (
    feature,
    local,
    merge,
    multi_teacher,
    mutual,
    offline,
    response,
    self_,
)

__all__ = ["feature", "local", "merge", "multi_teacher", "mutual", "offline", "response", "self_"]
