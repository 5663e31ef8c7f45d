"""Where a model looks: which inputs, or which places of its last activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PrivateAttr

from p2pkd.core.errors import InputError
from p2pkd.knowledge.payloads.base import RowKnowledge

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.models.architecture import Architecture


class AttentionMaps(RowKnowledge):
    """A map of the inputs that matter for each reference row: R H W b bytes.

    The absolute gradient of the largest logit with respect to the inputs, of unit length (Simonyan,
    Vedaldi and Zisserman, 2014).  It is as large as the row, so that models of any architecture
    understand each other.
    """

    passes: ClassVar[int] = 3  # a forward and a backward pass to make it
    knowledge_type: ClassVar[str] = "attention_maps"
    kind: Literal["attention_maps"] = "attention_maps"
    _inputs: int = PrivateAttr(0)

    def over(self, rows: int, inputs: int) -> Any:
        """Return this knowledge for rows of *inputs* numbers."""
        bound = self.model_copy()
        bound._inputs = inputs
        return bound

    def width(self, n_classes: int) -> int:
        """Return H W (times the channels), once it is known (see `over`)."""
        return self._inputs

    def of_inputs(self, architecture: Architecture, flat: Tensor, x: Tensor) -> Tensor:
        """Return the maps of inputs."""
        from p2pkd.learning.models.attention import input_maps

        return input_maps(architecture, flat, x, learn=False)

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the maps: they hold no predictions, and objectives take them as they are."""
        return values


class ActivationMaps(AttentionMaps):
    """A map of where activations are large, for each reference row: R H W b bytes.

    The mean square over the channels of the last convolution, H by W after pooling, of unit length
    (Zagoruyko and Komodakis, ICLR 2017).  Models must have as many places each, however many
    channels they have.  A perceptron's last hidden units are places of one channel.
    """

    passes: ClassVar[int] = 1
    knowledge_type: ClassVar[str] = "activation_maps"
    kind: Literal["activation_maps"] = "activation_maps"  # type: ignore[assignment]

    def of_inputs(self, architecture: Architecture, flat: Tensor, x: Tensor) -> Tensor:
        """Return the maps of activations."""
        from p2pkd.learning.models.attention import activation_maps

        return activation_maps(architecture, flat, x, learn=False)

    def row_length(self, inputs: int, models: Sequence[Architecture]) -> int:
        """Return the places of a map; raise InputError if *models* differ in them."""
        if len({kind.n_places for kind in models}) > 1:
            each = ", ".join(f"{kind.name}: {kind.n_places}" for kind in models)
            raise InputError(
                "method.send.knowledge: activation_maps need models with as many places each,"
                f" given {each}; use convolutions alike but for their channels, or attention_maps"
            )
        return models[0].n_places
