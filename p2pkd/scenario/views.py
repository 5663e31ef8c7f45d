"""What each agent sees of a row: some of it, or all of it in its own way."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Count, Fraction, whole

Several = Annotated[int, whole(2)]


class ViewsSpec(Family, root=True):
    """How agents see rows: private, reference and test rows alike, so that row ids pair views.

    Each agent has one of a few views, as many agents as possible each, drawn at random.  A view
    keeps the length of a row, so that every architecture takes it; what it hides is 0.
    """

    plural = "views"

    reference: Literal["own", "common"] = "own"
    """Reference rows are seen in one's own view too (paired rows), or by all as they are."""
    test: Literal["own", "common"] = "own"
    """Agents are tested on what they see, or on rows as they are: a domain to adapt to."""


class FeatureViews(ViewsSpec):
    """Some of the features: `share` of them, from other places of one random order in each view.

    With `views` times `share` at most 100 %, no two views have a feature in common.
    """

    kind: Literal["features"] = "features"
    views: Several = 2
    share: Fraction = 0.5


class ImageParts(ViewsSpec):
    """A side of the image: as many views as there are sides, each the half next to it."""

    kind: Literal["parts"] = "parts"
    sides: Annotated[
        tuple[Literal["left", "right", "top", "bottom"], ...], Field(min_length=2, max_length=4)
    ] = ("left", "right")


class Projections(ViewsSpec):
    """`size` random orthogonal directions, drawn for each view: sensors of other kinds."""

    kind: Literal["projection"] = "projection"
    views: Several = 2
    size: Count = 16


class Rotations(ViewsSpec):
    """The whole image, turned counter-clockwise by the view's angle: domains that differ."""

    kind: Literal["rotation"] = "rotation"
    degrees: Annotated[
        tuple[Annotated[float, Field(ge=-180, le=180)], ...], Field(min_length=2)
    ] = (-30.0, 0.0, 30.0)
