"""What leaves an agent: one kind of knowledge a file."""

from p2pkd.knowledge.payloads.attention import AttentionMaps
from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.knowledge.payloads.classes import ClassKnowledge, LabelAverages, Prototypes
from p2pkd.knowledge.payloads.features import Features
from p2pkd.knowledge.payloads.generator import FeatureGenerator, Generator
from p2pkd.knowledge.payloads.labels import TINY, HardLabels, Logits, SoftLabels
from p2pkd.knowledge.payloads.relations import Relations
from p2pkd.knowledge.payloads.weights import Weights

__all__ = [
    "TINY",
    "AttentionMaps",
    "ClassKnowledge",
    "FeatureGenerator",
    "Features",
    "Generator",
    "HardLabels",
    "LabelAverages",
    "Logits",
    "Prototypes",
    "Relations",
    "RowKnowledge",
    "SoftLabels",
    "Weights",
]
