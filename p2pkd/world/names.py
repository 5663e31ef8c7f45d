"""Who is who: one rule for the names of agents, wherever something names one.

The names in the graph's file are what counts, in failures, outages, core links, sessions, edge
changes, rates and Python alike.  Whole-number names are ordered by number, so that of a graph on
0, 1, 2, ... agent i is called i, whichever edge comes first.  A graph that was not read from
anywhere names its agents 0 to n - 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from p2pkd.core.errors import InputError, suggestion
from p2pkd.world.formats.ids import PADDED, is_whole
from p2pkd.world.formats.text import shown
from p2pkd.world.topology import Topology


class Names:
    """Finds agents by their names in *topology*."""

    def __init__(self, topology: Topology) -> None:
        self.n = topology.n
        self.names = topology.names

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names or ())}

    def find(self, name: int | str) -> int:
        """Return the agent called *name*; raise ValueError, with what is near, if nobody is."""
        text = str(name)
        if self.names is None:
            if is_whole(text) and 0 <= int(text) < self.n:
                return int(text)
        elif text in self._number:
            return self._number[text]
        raise ValueError(f"there is no agent {shown(name)}{self._hint(text)}")

    def all_of(self, names: Iterable[int | str], where: str) -> list[int]:
        """Return the agents called *names*, once each; raise InputError about the key *where*."""
        found, wrong = [], []
        for name in names:
            try:
                found.append(self.find(name))
            except ValueError as error:
                wrong.append(f"{where}: {error}")
        if wrong:
            raise InputError("\n".join(dict.fromkeys(wrong)))
        return list(dict.fromkeys(found))

    def _hint(self, text: str) -> str:
        bare = text.strip()
        if PADDED.fullmatch(bare) and str(int(bare)) != text:
            try:
                return f"; did you mean {self.find(str(int(bare)))}?" if self.names is None else (
                    f"; did you mean {self.names[self.find(str(int(bare)))]!r}?")  # fmt: skip
            except ValueError:
                pass
        if self.names is None:
            return f"; they are numbered 0 to {self.n - 1}"
        if self.n <= 2000:
            alike = [name for name in self.names if name.casefold() == bare.casefold()]
            if alike:
                return f"; did you mean {alike[0]!r}?"
        if self.n <= 20 and is_whole(text):
            return f"; known: {', '.join(self.names)}"
        if self.n <= 20:
            return suggestion(text[:60], self.names)
        first, last = shown(self.names[0]), shown(self.names[-1])
        return f"; the graph's file names {self.n}, from {first} to {last}"
