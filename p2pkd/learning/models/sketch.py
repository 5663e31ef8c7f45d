"""Vectors of any width as vectors of one width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def fold(features: Tensor, width: int) -> Tensor:
    """Return *features* ``(..., d)`` as ``(..., width)``: number i goes to place i mod width.

    Where d is at most *width*, zeros are appended.  Else several numbers share a place, with the
    sign (-1)^(i div width): a count sketch (Charikar, Chen and Farach-Colton, 2002) whose hash is
    the index itself.  Inner products then stay what they were up to products of features that share
    a place, whose signs cancel where features are exchangeable, as those of fresh layers are.
    """
    d = features.shape[-1]
    if d == width:
        return features
    layers = -(-d // width)
    padded = features.new_zeros((*features.shape[:-1], layers * width))
    # Not in place: automatic differentiation goes through here.
    padded = padded.slice_scatter(features, -1, 0, d)
    signs = features.new_tensor([1.0, -1.0]).repeat(-(-layers // 2))[:layers, None]
    return (padded.view(*features.shape[:-1], layers, width) * signs).sum(-2)
