"""TCP, packet by packet: one idea a file, from queues to congestion control."""

from p2pkd.engine.transport.packets.transport import Tcp, TcpTransfer

__all__ = ["Tcp", "TcpTransfer"]
