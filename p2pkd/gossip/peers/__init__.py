"""Whom an agent turns to: one sampler a file."""

from p2pkd.gossip.peers.adaptive import AdaptivePeers, Impression
from p2pkd.gossip.peers.anyone import AnyonePeers
from p2pkd.gossip.peers.base import Draws, PeerSampler
from p2pkd.gossip.peers.confidence import ByConfidence
from p2pkd.gossip.peers.cyclon import CyclonPeers
from p2pkd.gossip.peers.degree import DegreePeers
from p2pkd.gossip.peers.epidemic import EpidemicPeers
from p2pkd.gossip.peers.exponential import ExponentialRing
from p2pkd.gossip.peers.matching import MatchingPeers
from p2pkd.gossip.peers.newscast import NewscastPeers
from p2pkd.gossip.peers.round_robin import RoundRobin
from p2pkd.gossip.peers.similar import SimilarQuality
from p2pkd.gossip.peers.uniform import UniformPeers
from p2pkd.gossip.peers.views import Entry, ViewService, in_degrees
from p2pkd.gossip.peers.walk import RandomWalkPeers

__all__ = [
    "AdaptivePeers",
    "AnyonePeers",
    "ByConfidence",
    "CyclonPeers",
    "DegreePeers",
    "Draws",
    "Entry",
    "EpidemicPeers",
    "ExponentialRing",
    "Impression",
    "MatchingPeers",
    "NewscastPeers",
    "PeerSampler",
    "RandomWalkPeers",
    "RoundRobin",
    "SimilarQuality",
    "UniformPeers",
    "ViewService",
    "in_degrees",
]
