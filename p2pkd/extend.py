"""The door for packages that add to p2pkd: all that they may subclass, call or register with.

What stands here keeps its name and its meaning from one minor version to the next; all else may
move.  docs/extending.md shows how, and a test pins the names.

* Of a family of which a method chooses (objectives, knowledge, codecs, memories, teachers,
  protocols, peers, flows, mixings) and of `MeasureSpec`, a subclass with a ``Literal`` tag is a
  member, and brings its behaviour.
* Members of `ModelSpec`, `OptimizerSpec`, `DatasetSpec`, `PartitionSpec`, `TopologySpec` and
  `DynamicsSpec` are data; a function that is registered for them makes what they describe.
* An `Observer` is handed to `p2pkd.simulate`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from p2pkd.core.errors import DataError, InputError, P2pkdError, RunError
from p2pkd.core.records import (
    AgentRecord,
    ComputeRecord,
    EvaluationRecord,
    MessageRecord,
    Observer,
    PopulationRecord,
    PresenceRecord,
)
from p2pkd.core.rng import Streams
from p2pkd.distillation.base import Objective, Work, kl_divergence
from p2pkd.distillation.merge import MixingSpec
from p2pkd.distillation.phased import Phased
from p2pkd.distillation.response import Response
from p2pkd.gossip.peers.adaptive import AdaptivePeers, Impression
from p2pkd.gossip.peers.base import Draws, PeerSampler
from p2pkd.knowledge.codecs.base import FixedCodec
from p2pkd.knowledge.memory.base import Aging, Memory
from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.knowledge.teachers.base import Filter, Judgement, Weighting
from p2pkd.knowledge.teachers.combine import Combination
from p2pkd.knowledge.teachers.sharpen import Sharpening
from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.data import DatasetSpec, PartitionSpec
from p2pkd.scenario.dynamics import DynamicsSpec
from p2pkd.scenario.method import (
    CodecSpec,
    FlowSpec,
    KnowledgeSpec,
    MemorySpec,
    MethodSpec,
    PeersSpec,
    PrivacySpec,
    ProtocolSpec,
)
from p2pkd.scenario.models import ModelSpec
from p2pkd.scenario.optimizers import OptimizerSpec
from p2pkd.scenario.quantities import (
    Count,
    Duration,
    Fraction,
    LearningRate,
    Period,
    Rate,
    Share,
    Size,
    Steps,
    Strength,
    Temperature,
    Weight,
)
from p2pkd.scenario.topology import TopologySpec

# Imported when first asked for: reading a scenario must not wait for array libraries.
if TYPE_CHECKING:
    from p2pkd.learning.api import Outputs
    from p2pkd.learning.models.architecture import Architecture
    from p2pkd.learning.models.architecture import make as make_architecture
    from p2pkd.learning.optim.optimizers import make_optimizer
    from p2pkd.study.measures import MeasureSpec
    from p2pkd.world.datasets import register as register_dataset
    from p2pkd.world.dynamics.base import History
    from p2pkd.world.dynamics.base import register as register_dynamics
    from p2pkd.world.graphs import register as register_topology
    from p2pkd.world.partition import register as register_partition
    from p2pkd.world.raw import Raw
    from p2pkd.world.topology import Topology

_LATE = {
    "Architecture": "p2pkd.learning.models.architecture",
    "History": "p2pkd.world.dynamics.base",
    "MeasureSpec": "p2pkd.study.measures",
    "Outputs": "p2pkd.learning.api",
    "Raw": "p2pkd.world.raw",
    "Topology": "p2pkd.world.topology",
    "make_architecture": "p2pkd.learning.models.architecture:make",
    "make_optimizer": "p2pkd.learning.optim.optimizers",
    "register_dataset": "p2pkd.world.datasets:register",
    "register_dynamics": "p2pkd.world.dynamics.base:register",
    "register_partition": "p2pkd.world.partition:register",
    "register_topology": "p2pkd.world.graphs:register",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'p2pkd.extend' has no attribute {name!r}")
    module, _, inside = _LATE[name].partition(":")
    return getattr(import_module(module), inside or name)


__all__ = [
    "AdaptivePeers",
    "AgentRecord",
    "Aging",
    "Architecture",
    "CodecSpec",
    "Combination",
    "ComputeRecord",
    "Count",
    "DataError",
    "DatasetSpec",
    "Draws",
    "Duration",
    "DynamicsSpec",
    "EvaluationRecord",
    "Family",
    "Filter",
    "FixedCodec",
    "FlowSpec",
    "Fraction",
    "History",
    "Impression",
    "InputError",
    "Judgement",
    "KnowledgeSpec",
    "LearningRate",
    "MeasureSpec",
    "Memory",
    "MemorySpec",
    "MessageRecord",
    "MethodSpec",
    "MixingSpec",
    "ModelSpec",
    "Objective",
    "Observer",
    "OptimizerSpec",
    "Outputs",
    "P2pkdError",
    "PartitionSpec",
    "PeerSampler",
    "PeersSpec",
    "Period",
    "Phased",
    "PopulationRecord",
    "PresenceRecord",
    "PrivacySpec",
    "ProtocolSpec",
    "Rate",
    "Raw",
    "Response",
    "RowKnowledge",
    "RunError",
    "Share",
    "Sharpening",
    "Size",
    "Spec",
    "Steps",
    "Streams",
    "Strength",
    "Temperature",
    "Topology",
    "TopologySpec",
    "Weight",
    "Weighting",
    "Work",
    "kl_divergence",
    "make_architecture",
    "make_optimizer",
    "register_dataset",
    "register_dynamics",
    "register_partition",
    "register_topology",
]
