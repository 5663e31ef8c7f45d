"""What is minimised: one objective a file."""

from p2pkd.distillation import (
    adversarial,
    attention,
    classwise,
    feature,
    graph,
    lifelong,
    local,
    merge,
    multi_teacher,
    mutual,
    offline,
    quantised,
    received,
    relation,
    response,
    self_,
)

__all__ = [
    "adversarial",
    "attention",
    "classwise",
    "feature",
    "graph",
    "lifelong",
    "local",
    "merge",
    "multi_teacher",
    "mutual",
    "offline",
    "quantised",
    "received",
    "relation",
    "response",
    "self_",
]
