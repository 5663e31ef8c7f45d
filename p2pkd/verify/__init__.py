"""Laws that the simulator must obey, each measured through the engine and held against theory."""
