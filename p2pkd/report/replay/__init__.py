"""The replay: a run played back in one page that needs nothing else."""

from p2pkd.report.replay.page import Replay, replay_html, write_replay

__all__ = ["Replay", "replay_html", "write_replay"]
