"""p2pkd: a simulator of decentralised, peer-to-peer knowledge distillation."""
