"""How specifications are made: frozen, strict, and chosen by a tag.

`Spec` is a group of keys.  `Family` is the root of a set of alternatives, told apart by a tag
(``kind:`` unless the family says otherwise).  Whoever defines a subclass with the tag as a
``Literal`` adds an alternative to the family, from this package or from another one:

    class Ring(TopologySpec):
        "A cycle."
        kind: Literal["ring"] = "ring"

A field annotated with the root, ``topology: TopologySpec``, then accepts every member, as a
mapping with its tag or as the bare name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from p2pkd.core.errors import InputError, P2pkdError


class Spec(BaseModel):
    """A group of scenario keys: frozen, and unknown keys are errors.

    Every number is finite and every whole number fits 64 bits, in other packages' kinds too, unless
    a field says ``allow_inf_nan=True`` of itself.
    """

    # Built at first use: by then all members of all families are known.
    # The fields' docstrings are read where they are wanted (`p2pkd.scenario.schema`): pydantic
    # would look for every class's source at import, a quarter of the time that `validate` takes.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_of_64_bits(cls, value: Any) -> Any:
        for number in _whole_numbers(value):
            if not -(2**63) <= number < 2**63:
                raise PydanticCustomError(
                    "quantity",
                    "must be a number of at most 19 digits, given {given}",
                    {"given": f"one of {number.bit_length() * math.log10(2):.0f}"},
                )
        return value


def _whole_numbers(value: Any) -> Iterator[int]:
    """Yield the whole numbers of *value*, a number or a list; mappings look after themselves."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _whole_numbers(item)


class Family(Spec):
    """Root of a set of alternatives; subclass it with ``root=True`` and a *plural* name."""

    tag: ClassVar[str] = "kind"
    plural: ClassVar[str] = ""
    members: ClassVar[dict[str, type[Any]]] = {}
    is_root: ClassVar[bool] = True

    def __init_subclass__(cls, *, root: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.is_root = root
        if root:
            cls.members = {}
            FAMILIES[cls.plural] = cls

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        field = cls.model_fields.get(cls.tag)
        if cls.is_root or field is None or get_origin(field.annotation) is not Literal:
            return
        (name,) = get_args(field.annotation)
        known = cls.members.setdefault(name, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            told = " and by ".join(f"{c.__module__}.{c.__qualname__}" for c in (known, cls))
            raise P2pkdError(f"{cls.plural}: {name!r} is defined by {told}; rename one")
        cls.members[name] = cls

    @classmethod
    def summary(cls) -> str:
        """Return the first paragraph of the docstring, on one line."""
        return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        if not cls.is_root or not cls.members:
            return handler(source)
        choices = {name: _schema_of(member, handler) for name, member in cls.members.items()}
        union = core_schema.tagged_union_schema(choices, discriminator=cls.tag)
        return core_schema.no_info_before_validator_function(
            cls._from_name, union, metadata={"p2pkd_family": cls.plural}
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if not cls.is_root or not cls.members:
            return handler(schema)
        return {"anyOf": [{"enum": sorted(cls.members)}, handler(schema)]}

    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {cls.tag: value} if isinstance(value, str) else value

    @property
    def tag_value(self) -> str:
        """The value of the tag: ``"ring"`` for a ring."""
        return str(getattr(self, self.tag))

    def with_(self, **changes: Any) -> Self:
        """Return a copy with *changes*, validated."""
        return type(self).model_validate({**self.model_dump(exclude_unset=True), **changes})


def _schema_of(member: type[Family], handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of a member; raise InputError if another package's cannot be made."""
    try:
        return handler.generate_schema(member)
    except InputError:
        raise
    except Exception as error:
        if member.__module__.startswith("p2pkd."):
            raise
        what = f"{member.__module__}.{member.__qualname__}"
        raise InputError(f"{what}: pydantic cannot make a specification of it: {error}") from error


FAMILIES: dict[str, type[Family]] = {}
