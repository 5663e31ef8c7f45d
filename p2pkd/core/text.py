"""Text that comes from elsewhere: names in files and on the command line.

A terminal obeys escape sequences, and a spreadsheet runs formulas, wherever they come from; so
neither reaches one as it was given.
"""

from __future__ import annotations

import unicodedata

# Controls (escape sequences begin with one), lone surrogates, and marks that turn text around.
_ODD = {"Cc", "Cs"}
_TURNS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_PLAIN = "\n\t\r"
# What a cell of a spreadsheet begins with if it is a formula, or what it strips before looking.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def is_odd(character: str) -> bool:
    """Tell whether a character is for machines, not for readers; line ends and tabs are not."""
    if character in _PLAIN:
        return False
    return unicodedata.category(character) in _ODD or ord(character) in _TURNS


def named(character: str) -> str:
    """Return ``U+001B``."""
    return f"U+{ord(character):04X}"


def readable(text: str) -> str:
    r"""Return *text* with ``\x1b`` for what a terminal would obey.

    >>> readable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if is_odd(c) or c == "\r" else c for c in text)


def short(text: str, most: int = 80) -> str:
    """Return *text*, its middle left out if it has more than *most* characters."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]}... ({len(text):,} characters)"


def cell(value: object) -> object:
    """Return *value* as a spreadsheet shows it and does not run it; numbers stay numbers.

    >>> cell("=1+1"), cell("-5"), cell(-5)
    ("'=1+1", '-5', -5)
    """
    if not isinstance(value, str):
        return value
    text = readable(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
