"""What is minimised: one objective a file."""

from p2pkd.distillation import (
    feature,
    graph,
    local,
    merge,
    multi_teacher,
    mutual,
    offline,
    relation,
    response,
    self_,
)

__all__ = [
    "feature",
    "graph",
    "local",
    "merge",
    "multi_teacher",
    "mutual",
    "offline",
    "relation",
    "response",
    "self_",
]
