"""How many peers' predictions become one target: combine, weigh, leave out, sharpen."""

from p2pkd.knowledge.teachers.base import Filter, Judgement, Weighting, fact_bytes
from p2pkd.knowledge.teachers.combine import (
    Combination,
    MeanLogits,
    MeanLosses,
    MeanProbabilities,
    normalised,
)
from p2pkd.knowledge.teachers.filters import DropBelowChance, MinAgreement, MinConfidence
from p2pkd.knowledge.teachers.judgements import (
    ByCompetence,
    Samples,
    Similarity,
    Staleness,
    Validation,
)
from p2pkd.knowledge.teachers.learned import Learned
from p2pkd.knowledge.teachers.sharpen import EntropyReduction, Power, Sharpening
from p2pkd.knowledge.teachers.weights import Confidence, Entropy, Uniform, entropy

__all__ = [
    "ByCompetence",
    "Combination",
    "Confidence",
    "DropBelowChance",
    "Entropy",
    "EntropyReduction",
    "Filter",
    "Judgement",
    "Learned",
    "MeanLogits",
    "MeanLosses",
    "MeanProbabilities",
    "MinAgreement",
    "MinConfidence",
    "Power",
    "Samples",
    "Sharpening",
    "Similarity",
    "Staleness",
    "Uniform",
    "Validation",
    "Weighting",
    "entropy",
    "fact_bytes",
    "normalised",
]
