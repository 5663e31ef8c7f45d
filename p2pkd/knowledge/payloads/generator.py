"""A small network that makes rows: knowledge without a reference set."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from p2pkd.knowledge.payloads.base import RowKnowledge, codec_misfits, prediction_misfits
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import Count, LearningRate, Weight, whole

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.knowledge.exchange.base import Exchange, Setting
    from p2pkd.learning.models.architecture import Architecture
    from p2pkd.learning.models.generator import Fit, Form
    from p2pkd.learning.state.tables import Tables
    from p2pkd.learning.training.teaching import Teaching


class Generator(RowKnowledge):
    """A class-conditional generator of input rows, and how often the sender has each class.

    (Q + C) b bytes, Q being (noise + C + 1) hidden + (hidden + 1) F.  The sender fits it anew for
    each message, from numbers that all share, to its own model: CE of the class asked for, plus
    `activation` times the squared distance of each class's mean activations from those recorded on
    private rows (metadata as in Lopes, Fenu and Starner, 2017, arXiv 1710.07535), plus two terms
    of entropy that pull in opposite directions: `certainty` times the mean entropy of a single
    row's prediction (each row is to be of one class; Moslemi et al., 2024, equation 3.2.1.1), minus
    `entropy` times that of the mean prediction (together they are to be of all classes; Chen et
    al., DAFL, ICCV 2019, arXiv 1904.01186, whose term of activations asks for large ones instead).
    Private rows themselves are never seen by it.  The fit is charged.
    """

    about_reference: ClassVar[bool] = False
    codec_kinds: ClassVar[tuple[str, ...]] = ("float16", "float32")
    knowledge_type: ClassVar[str] = "generators"
    kind: Literal["generator"] = "generator"
    noise: Count = 8
    """Random numbers that a row is made of, beside its class."""
    hidden: Annotated[int, Field(ge=4, le=10**6, multiple_of=4, strict=True)] = 32
    steps: Annotated[int, whole(1, 10**6)] = 60
    """Adam steps of a fit."""
    batch: Annotated[int, Field(ge=4, le=10**6, multiple_of=4, strict=True)] = 64
    lr: LearningRate = 0.02
    activation: Weight = 1.0
    certainty: Weight = 0.1
    """The factor of the entropy of single rows' predictions, which is made small."""
    entropy: Weight = 0.1
    """The factor of the entropy of the mean prediction, which is made large."""
    diversity: Weight = 0.0
    """The factor of a term that is small where other noise makes other rows (as FedGen's)."""
    classes: Literal["shares", "uniform"] = "shares"
    """How often rows of a class are made: by the sender's shares of classes, or all that it has
    alike."""
    _inputs: int = PrivateAttr(0)

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about codecs, and about rules that only predictions can follow."""
        yield from codec_misfits(self.codec_kinds, method)
        yield from prediction_misfits(method, "generators")

    def over(self, rows: int, inputs: int) -> Any:
        """Return this knowledge for rows of *inputs* numbers."""
        bound = self.model_copy()
        bound._inputs = inputs
        return bound

    def exchange(self, setting: Setting) -> Exchange:
        """Return what composes its messages."""
        from p2pkd.knowledge.exchange.inputs import GeneratorExchange

        return GeneratorExchange(setting)

    def message_floats(self, rows: int, n_classes: int, sent: int) -> int:
        """Return the numbers of a message: one row."""
        return self.width(n_classes)

    def shape(self, tables: Tables, agent: int) -> Hashable:
        """Return the number of private rows, roughly: all of them go forward."""
        return tables.all_rows_of(agent)

    def predict(
        self, tables: Tables, agents: Any, rows: Tensor, architecture: Architecture, flat: Tensor
    ) -> Tensor:
        """Return generators fitted to the models, ``(G, 1, W)``."""
        from p2pkd.learning.training.synthesis import fitted

        return fitted(tables, agents, architecture, flat)

    def teaching(self) -> Teaching:
        """Return that of made rows."""
        from p2pkd.learning.training.teaching import GeneratedTeaching

        return GeneratedTeaching()

    def read_flops(self, forward: float, n_classes: int) -> float:
        """Return the FLOPs of reading a made row: those of the whole model, *forward*."""
        return forward

    def head_numbers(self, n_classes: int) -> int:
        """Return H, the numbers of the sender's head in a message: 0."""
        return 0

    def form(self, n_classes: int) -> Form:
        """Return the sizes of the generator's layers."""
        from p2pkd.learning.models.generator import Form

        return Form(self.noise, n_classes, self.hidden, self._inputs)

    @property
    def fit(self) -> Fit:
        """How it is fitted."""
        from p2pkd.learning.models.generator import Fit

        factors = self.activation, self.entropy, self.certainty, self.diversity
        return Fit(self.steps, self.batch, self.lr, *factors)

    def width(self, n_classes: int) -> int:
        """Return Q + H + C, once it is known how long rows are (see `over`)."""
        return self.form(n_classes).n_parameters + self.head_numbers(n_classes) + n_classes

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the numbers: they are no predictions."""
        return values


class FeatureGenerator(Generator):
    """A class-conditional generator of features, the head that reads them, and class shares.

    (Q + (d + 1) C + C) b bytes, d being the width of the features that it makes: those below the
    last layer, which is the head.  Receivers average heads with their own, and learn what the
    generator makes with that layer alone, as Zhu, Hong and Zhou (FedGen, ICML 2021) share
    prediction layers; for that, all must have one architecture.
    """

    of_features: ClassVar[bool] = True
    one_architecture: ClassVar[bool] = True
    kind: Literal["feature_generator"] = "feature_generator"  # type: ignore[assignment]

    def head_numbers(self, n_classes: int) -> int:
        """Return (d + 1) C."""
        return (self._inputs + 1) * n_classes

    def row_length(self, inputs: int, models: Sequence[Architecture]) -> int:
        """Return d, of the one architecture that there is."""
        return models[0].n_features

    def read_flops(self, forward: float, n_classes: int) -> float:
        """Return the FLOPs of the last layer."""
        return float((2 * self.form(n_classes).n_out + 1) * n_classes)

    def teaching(self) -> Teaching:
        """Return that of made features."""
        from p2pkd.learning.training.teaching import HeadTeaching

        return HeadTeaching()
