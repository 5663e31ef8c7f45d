"""How the public rows are chosen, on which predictions are exchanged."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Concentration, Weight


class DrawSpec(Family, root=True):
    """Which rows make the reference set: its class shares are those of nature, equal, or skewed."""

    plural = "draws"


class RandomDraw(DrawSpec):
    """At random among all rows that are not for testing: nobody needs to know a label."""

    kind: Literal["random"] = "random"


class StratifiedDraw(DrawSpec):
    """Every class by its share in the data, by labels that an unlabelled set does not have.

    What many experiments do unsaid; a public set is better balanced so than by chance.
    """

    kind: Literal["stratified"] = "stratified"


class ShiftedDraw(DrawSpec):
    """Class shares that differ from the data's: a draw from Dirichlet(`alpha`), or as given.

    At most half of a class's rows are taken; what is missing then comes from the other classes.
    """

    kind: Literal["shifted"] = "shifted"
    alpha: Concentration = 0.5
    """The smaller, the fewer classes make up the set."""
    shares: Annotated[tuple[Weight, ...], Field(min_length=1)] | None = None
    """Instead of a draw: how much of each class, in the order of the classes, in any unit."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.shares is not None and "alpha" in self.model_fields_set:
            raise ValueError("give either alpha or shares")
        if self.shares is not None and not sum(self.shares):
            raise ValueError("shares: all are 0; at least one class must have some")
        return self
