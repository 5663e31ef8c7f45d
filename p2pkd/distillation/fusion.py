"""Models are averaged by a server, which then learns from what they predict (FedDF)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from p2pkd.distillation.base import Work, kl_divergence
from p2pkd.distillation.merge import Merge
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import Count, LearningRate, whole

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs
    from p2pkd.learning.training.teaching import Teaching


class Fusion(Merge):
    """FedAvg's round; then the server takes steps towards the received models' joint prediction.

    Lin et al., "Ensemble distillation for robust model fusion in federated learning" (FedDF,
    NeurIPS 2020), Algorithm 1: the average is where the student starts, KL(softmax(mean of the
    teachers' logits), p_s) on unlabelled reference rows what it minimises.  As in the authors'
    code Adam starts anew in each round, its learning rate falls along half a cosine over the
    round's steps, and gradients are clipped at norm 5.  Clients have `optimizer`, `lr` and `batch`.
    A step is charged for the forward passes of all received models too.
    """

    uses_reference: ClassVar[bool] = True
    objective: Literal["fusion"] = "fusion"  # type: ignore[assignment]
    server_steps: Annotated[int, whole(1, 10**6)] = 100
    """Steps of the server in each round."""
    server_lr: LearningRate = 0.001
    """Its learning rate at a round's first step (Adam)."""
    server_batch: Count = 64
    """Reference rows of such a step."""
    server_clip_norm: LearningRate | None = 5.0
    """Largest gradient norm of such a step."""

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints where there is no server, or teachers make no one target."""
        yield from super().misfits(method)
        if method.gossip.protocol.tag_value != "coordinated":
            yield (
                "learn.objective: 'fusion' is what a server does; take gossip.protocol"
                f" 'coordinated', not {method.gossip.protocol.tag_value!r}"
            )
        if method.teachers.combine.tag_value == "mean_losses":
            yield "teachers.combine: 'fusion' makes one target; use mean_logits"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return KL(targets, p_s) of each row, ``(G, B)``."""
        return kl_divergence(targets, outputs.logits.log_softmax(-1))

    def row_gradient(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return p_s - targets, the gradient of `row_loss` with respect to the logits."""
        return outputs.logits.softmax(-1) - targets

    @property
    def public_batch(self) -> int | None:
        """That of the server."""
        return self.server_batch

    def teaching(self, knowledge: Any) -> Teaching:
        """Return that of a server that learns from models on reference rows."""
        from p2pkd.learning.training.teaching import FusionTeaching

        return FusionTeaching()

    def fuse(self, agent: Any, answers: Sequence[Any]) -> Work:
        """Return the work of a round's steps towards what the models in *answers* predict."""
        shared, rows = agent.shared, self.server_steps * self.server_batch
        product = shared.learner.distill(agent.version, answers, self.server_steps, shared.env.now)
        # Going forward alone is a third of a step on a row.
        samples = rows + -(-rows * len(answers) // 3)
        return Work("distill", product, self.server_steps, samples)
