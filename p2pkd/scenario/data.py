"""What the agents learn from: a data set, its split, and who owns which part."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.quantities import Concentration, Count, Percent, Share, whole
from p2pkd.scenario.reference import DrawSpec, RandomDraw
from p2pkd.scenario.views import ViewsSpec

_BUNDLED: dict[str, tuple[tuple[int, ...], int]] = {
    "digits": ((1, 8, 8), 10),
    "iris": ((4,), 3),
    "wine": ((13,), 3),
    "breast_cancer": ((30,), 2),
}


class DatasetSpec(Family, root=True):
    """A labelled data set for classification."""

    plural = "datasets"

    def known_shape(self) -> tuple[tuple[int, ...], int] | None:
        """Return input shape and classes where they are known without reading anything."""
        return None


class Digits(DatasetSpec):
    """1,797 handwritten digits of 8 x 8 pixels, bundled with scikit-learn."""

    kind: Literal["digits"] = "digits"

    def known_shape(self) -> tuple[tuple[int, ...], int]:
        """Return the shape of the digits."""
        return _BUNDLED["digits"]


class Bundled(DatasetSpec):
    """Any classification set bundled with scikit-learn: iris, wine, breast_cancer, digits."""

    kind: Literal["sklearn"] = "sklearn"
    name: Literal["iris", "wine", "breast_cancer", "digits"]

    def known_shape(self) -> tuple[tuple[int, ...], int]:
        """Return the shape of the named set."""
        return _BUNDLED[self.name]


class Synthetic(DatasetSpec):
    """Made data of any size: Gaussian `blobs`, or nested non-linear `shells`.

    `separation` is the distance between class centres in units of the noise.
    """

    kind: Literal["synthetic"] = "synthetic"
    shape: Literal["blobs", "shells"] = "blobs"
    rows: Annotated[int, whole(10)] = 4000
    features: Annotated[int, whole(2)] = 20
    classes: Annotated[int, whole(2, 10**6)] = 5
    separation: Annotated[float, Field(gt=0, le=1e6)] = 3.0
    image: tuple[Count, Count, Count] | None = None
    """Channels, height and width of a row, if models are to see it as an image of noise."""

    @model_validator(mode="after")
    def _image_fits(self) -> Self:
        if self.image is not None and math.prod(self.image) != self.features:
            raise ValueError(
                f"features: {self.features} are not the {math.prod(self.image)} pixels of image"
                f" {list(self.image)}"
            )
        return self

    def known_shape(self) -> tuple[tuple[int, ...], int]:
        """Return the shape asked for."""
        return self.image or (self.features,), self.classes


class Idx(DatasetSpec):
    """IDX files (MNIST and its kin) in a folder; `.gz` or not, train and t10k where present.

    EMNIST's own names are read too; its images lie on their side, as they do in its files.
    """

    kind: Literal["idx"] = "idx"
    path: str
    """The folder; `${NAME}` takes an environment variable."""
    split: Literal["balanced", "byclass", "bymerge", "digits", "letters", "mnist"] | None = None
    """Which of EMNIST's sets, where the folder has several."""
    limit: Count | None = None
    """Use at most so many rows, drawn at random, stratified."""


class Npz(DatasetSpec):
    """A NumPy archive with arrays `x` (rows first) and `y` (labels of any kind, or one-hot).

    Parts of its own are used: `x_train`, `x_val` and `x_test` with their `y_...`, or MedMNIST's
    `train_images`, `train_labels` and so on.  Labels other than whole numbers from 0 are numbered
    in their order and keep their names.  Images of bytes are divided by 255, tables are not.
    """

    kind: Literal["npz"] = "npz"
    path: str
    channels: Literal["first", "last"] | None = None
    """Of images with several; default: as their shape tells, refused where it does not."""
    standardise: bool = False
    """Centre and scale each column, with the statistics of rows that are not for testing."""
    validation: Literal["learn", "test", "unused"] = "learn"
    """What becomes of a validation part: rows to learn from, to test on, or none."""
    owner: str | None = None
    """The array with each row's owner, for `partition: owners`."""


class HuggingFace(DatasetSpec):
    """A set of the Hugging Face `datasets` package (an extra), by name or local folder."""

    kind: Literal["huggingface"] = "huggingface"
    name: str
    split: str = "train"
    image: str | None = None
    """The column with the input; default: the first image or numeric array column."""
    label: str = "label"
    channels: Literal["first", "last"] | None = None
    """Of arrays with several; pictures have them last."""
    standardise: bool = False
    """Centre and scale each column, with the statistics of rows that are not for testing."""
    limit: Count | None = None


class PartitionSpec(Family, root=True):
    """How private rows are divided among agents."""

    plural = "partitions"

    min_rows: Count = 2
    """Every agent gets at least so many rows, or the partition is refused.

    Where a draw gives less, it is repeated some times (Dirichlet); then the agents with most rows
    hand over some, whatever their labels.
    """


class Iid(PartitionSpec):
    """Shuffled and dealt out evenly."""

    kind: Literal["iid"] = "iid"


class Dirichlet(PartitionSpec):
    """Label skew: each class is divided among agents by a draw from Dirichlet(`alpha`).

    Yurochkin et al., "Bayesian nonparametric federated learning of neural networks", ICML 2019.
    """

    kind: Literal["dirichlet"] = "dirichlet"
    alpha: Concentration = 0.5


class Shards(PartitionSpec):
    """Label skew: each agent owns rows of `classes` classes (McMahan et al., 2017)."""

    kind: Literal["shards"] = "shards"
    classes: Count = 2


class Quantity(PartitionSpec):
    """Quantity skew: labels alike, amounts by a draw from a symmetric Dirichlet(`alpha`)."""

    kind: Literal["quantity"] = "quantity"
    alpha: Concentration = 0.5


class FeatureShift(PartitionSpec):
    """Even shares, but each agent sees its rows rotated by its own angle and with its own noise.

    `rotation` is the largest angle in degrees (images); `noise` the largest standard deviation.
    """

    kind: Literal["feature_shift"] = "feature_shift"
    rotation: Annotated[float, Field(ge=0, le=180)] = 45.0
    noise: Annotated[float, Field(ge=0, le=1e6)] = 0.0


class Owners(PartitionSpec):
    """Everybody owns the rows that the data set says (`dataset.owner`): one owner an agent.

    Owners are numbered by number if all are whole numbers, else by name.  Rows that are drawn for
    the test or the reference set are taken from their owners.
    """

    kind: Literal["owners"] = "owners"


class Indices(PartitionSpec):
    """Everybody owns the rows of a list in a JSON file: ``[[0, 5, 9], [1, 2], ...]``.

    Rows count from 0 as the data set has them, those of its own test part not included.  Rows that
    are drawn for the test or the reference set are taken from their owners; what no list has is
    nobody's.
    """

    kind: Literal["indices"] = "indices"
    path: str
    """Relative to the scenario file; `${NAME}` takes an environment variable."""


class ReferenceSpec(Spec):
    """The public, unlabelled rows on which predictions are exchanged."""

    rows: Annotated[int, whole(0)] = 256
    """0: there is no such set, for methods that need none."""
    draw: DrawSpec = RandomDraw()
    """Which of the rows that are not for testing; the others are private."""
    without: tuple[Annotated[int, Field(ge=0, strict=True)], ...] = ()
    """Classes, by number, of which there is no reference row."""
    dataset: DatasetSpec | None = None
    """Another set, of rows of the same shape, from which the reference rows come instead; its
    labels are not used, and all rows of the agents' own set that are not for testing are private.
    """
    known: Annotated[float, Percent(positive=True)] = 1.0
    """Share of the rows that an agent has, drawn for each; it speaks and learns of no other."""
    delivery: Literal["preloaded", "download"] = "preloaded"
    """`preloaded` is free, as in the papers; `download` charges the set once to every agent."""


class StreamSpec(Spec):
    """Private rows that come class after class, as a stream of tasks or as a drift."""

    change: Literal["abrupt", "gradual"] = "abrupt"
    """`abrupt`: part after part; `gradual`: a window as wide as a part slides over the rows."""
    tasks: Annotated[int, whole(2)] = 5
    """Parts of equal size that an agent's rows, sorted by class, are cut into."""
    samples: Count = 1000
    """Private samples, with repetition, that an agent draws before the next part begins, or while
    the window slides by its width."""


class TaskSpec(Spec):
    """A labelling of the data's rows, made of their classes."""

    name: str
    classes: Annotated[
        tuple[Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)], ...],
        Field(min_length=2),
    ]
    """The data's classes in each class of the task; rows of any other class are not of it."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        members = [member for group in self.classes for member in group]
        if len(set(members)) < len(members):
            raise ValueError(f"task {self.name!r}: a class of the data is in two of its classes")
        return self


class DataSpec(Spec):
    """The data set, its split into private, reference and test rows, and the partition."""

    dataset: DatasetSpec = Digits()
    reference: ReferenceSpec = ReferenceSpec()
    test: Share = 0.2
    """Share of all rows held out for evaluation; a set's own test part is used where it has one."""
    partition: PartitionSpec = Iid()
    stream: StreamSpec | None = None
    """Default: all private rows are there from the start."""
    views: ViewsSpec | None = None
    """Default: all agents see all of a row."""
    tasks: tuple[TaskSpec, ...] = ()
    """Each agent has one of them, as many agents as possible each, drawn at random: it owns rows of
    this task, labelled for it, and is tested on such.  Default: one task, the data's own labels."""
