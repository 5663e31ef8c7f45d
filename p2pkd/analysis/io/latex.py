"""Tables in LaTeX."""

from __future__ import annotations

import pandas as pd


def to_latex(table: pd.DataFrame, digits: int = 3) -> str:
    r"""Return *table* as a LaTeX ``tabular`` with booktabs rules; numbers have *digits* digits.

    Columns ``mean``, ``low`` and ``high`` become one, ``mean ± half``.
    """
    shown = table.reset_index()
    if {"mean", "low", "high"} <= set(shown.columns):
        half = (shown["high"] - shown["low"]) / 2
        pairs = zip(shown["mean"], half, strict=True)
        means = [Tex(f"${mean:.{digits}g} \\pm {h:.2g}$") for mean, h in pairs]
        # As objects: a column of text would make plain text of them.
        shown["mean"] = pd.Series(means, shown.index, dtype=object)
        shown = shown.drop(columns=["std", "low", "high"], errors="ignore")
    lines = [" & ".join(map(_tex, shown.columns)) + r" \\", r"\midrule"]
    lines += [
        " & ".join(_tex(value, digits) for value in row) + r" \\"
        for row in shown.itertuples(index=False)
    ]
    columns = "l" + "r" * (len(shown.columns) - 1)
    body = "\n".join(lines)
    return f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}\n"


class Tex(str):
    """Text that is LaTeX already."""

    __slots__ = ()


# Each once: what stands for a character may hold others of them.
_ESCAPED = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        "\n": " ",
        "\r": " ",
        "\t": " ",
    }
)


def _tex(value: object, digits: int = 3) -> str:
    if isinstance(value, float):
        return "--" if value != value else f"{value:.{digits}g}"
    return tex_text(value)


def tex_text(value: object) -> str:
    """Return *value* as LaTeX writes it; what is `Tex` already stays as it is."""
    return str(value) if isinstance(value, Tex) else str(value).translate(_ESCAPED)
