"""Field types for numbers with units; a bare number is an error that says how to write it.

Each is a float in base units once validated, and a string with a unit again when dumped.
"""

from __future__ import annotations

import math
import sys
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from p2pkd.core import units
from p2pkd.core.units import Dimension

# The largest number that models, which are float32, can hold.
LARGEST = 3.4028234663852886e38


class Quantity:
    """Annotation that reads and writes a number with a unit of one dimension.

    A number above *most*, in base units, is refused, and so is one that no float can hold.
    """

    def __init__(
        self, dimension: Dimension, *, positive: bool = False, most: float = math.inf
    ) -> None:
        self.dimension = dimension
        self.positive = positive
        self.most = min(most, sys.float_info.max)

    def parse(self, value: Any) -> float:
        """Return *value* in base units; raise an error that says what would be right."""
        if not isinstance(value, str):
            example = self.dimension.example
            raise PydanticCustomError(
                "quantity",
                "needs a unit, given {given}; write it like '{example}'",
                {"given": repr(value), "example": example},
            )
        try:
            number = self.dimension.parse(value)
        except ValueError as error:
            raise PydanticCustomError("quantity", "{text}", {"text": str(error)}) from None
        if number < 0 or (self.positive and number == 0):
            bound = "more than 0" if self.positive else "0 or more"
            raise PydanticCustomError(
                "quantity", "must be {bound}, given '{given}'", {"bound": bound, "given": value}
            )
        if number > self.most:
            unit, factor = max(self.dimension.units.items(), key=lambda item: item[1])
            raise PydanticCustomError(
                "quantity",
                "must be at most {most}, given '{given}'",
                {"most": f"{self.most / factor:.9g} {unit}", "given": value},
            )
        return number

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(self.dimension.format),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        known = "|".join(self.dimension.units)
        return {
            "type": "string",
            "description": f"a {self.dimension.name} with its unit ({known})",
            "examples": [self.dimension.example],
        }


def _percent(value: Any) -> Any:
    """Return ``"50 %"`` as .5 and leave numbers alone."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise PydanticCustomError(
            "quantity",
            "{given} is not a share; write it like '50 %' or 0.5",
            {"given": repr(value)},
        ) from None


class Percent:
    """Annotation that reads a share between 0 and 1 as a number or in per cent."""

    def __init__(self, *, positive: bool = False) -> None:
        self.positive = positive

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            _percent,
            core_schema.float_schema(ge=0, gt=0 if self.positive else None, le=1, strict=True),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number: JsonSchemaValue = {"type": "number", "minimum": 0, "maximum": 1}
        return {"anyOf": [number, {"type": "string", "pattern": r"^\s*[0-9.]+\s*%?\s*$"}]}


Duration = Annotated[float, Quantity(units.DURATION)]
Period = Annotated[float, Quantity(units.DURATION, positive=True)]
# A million years; events that are a second apart can be told from each other up to then.
Span = Annotated[float, Quantity(units.DURATION, positive=True, most=365.25e6 * 86_400)]
Size = Annotated[float, Quantity(units.SIZE)]
Rate = Annotated[float, Quantity(units.RATE, positive=True)]
FlopRate = Annotated[float, Quantity(units.FLOP_RATE, positive=True)]
Power = Annotated[float, Quantity(units.POWER)]
Energy = Annotated[float, Quantity(units.ENERGY, positive=True)]
EnergyPerSize = Annotated[float, Quantity(units.ENERGY_PER_SIZE)]
Length = Annotated[float, Quantity(units.LENGTH, positive=True)]
Speed = Annotated[float, Quantity(units.SPEED)]
Share = Annotated[float, Percent()]
Fraction = Annotated[float, Percent(positive=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]
TimeUnit = Literal["s", "ms", "us", "min", "h", "d"]
