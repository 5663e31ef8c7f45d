"""Names of nodes that are whole numbers, and the order in which names are numbered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from p2pkd.world.formats.text import shown

_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)
PADDED = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def is_whole(name: str) -> bool:
    """Tell whether *name* is a whole number as one writes it: 7, not 07 or 7.0.

    >>> [is_whole(name) for name in ("0", "12", "-3", "07", "1.0", "n7")]
    [True, True, True, False, False, False]
    """
    return _WHOLE.fullmatch(name) is not None


def ordered(names: Sequence[str]) -> list[str]:
    """Return *names* in the order of the agents: by number if they are whole, else as they are.

    Raise ValueError where some are whole numbers and others are not, or two mean the same number.

    >>> ordered(["10", "9", "1"]), ordered(["b", "a"])
    (['1', '9', '10'], ['b', 'a'])
    """
    whole = [name for name in names if is_whole(name)]
    if whole and len(whole) < len(names):
        known = set(whole)
        other = next(name for name in names if name not in known)
        same = PADDED.fullmatch(other) and str(int(other)) in known
        if same:
            raise ValueError(f"nodes {shown(str(int(other)))} and {shown(other)} are one number")
        raise ValueError(
            f"some nodes are named by whole numbers ({shown(whole[0])}), others not "
            f"({shown(other)}); name them all in one way"
        )
    return sorted(names, key=int) if whole else list(names)
