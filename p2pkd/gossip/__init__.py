"""To whom, when, and who starts: protocols, the choice of peers, and flow control."""

from p2pkd.gossip import flow, peers, protocols

__all__ = ["flow", "peers", "protocols"]
