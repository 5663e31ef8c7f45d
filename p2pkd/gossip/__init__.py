"""To whom, when, and who starts: protocols and the choice of peers."""

from p2pkd.gossip import peers, protocols

__all__ = ["peers", "protocols"]
