"""Field types for numbers, all of them finite and within bounds beyond which none can be meant.

Those with units are a float in base units once validated, and a string with a unit again when
dumped; a bare number is an error that says how to write it.  Bounds keep what is computed from a
scenario finite: times that still add up, counters below 2^63, models in float32.
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


def shown(value: Any) -> str:
    """Return *value* as it was given, in quotes if it is text, and at most some 60 characters."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of about {value.bit_length() * math.log10(2):.0f} digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text):,} characters)"


class Quantity:
    """Annotation that reads and writes a number with a unit of one dimension.

    A number below *least* or above *most*, in base units, is refused, and so is one that no float
    can hold.  A *positive* one may be as small as *least*, but not 0.  What *repeats* is the time
    after which something happens again, and may not be too small a part of the run
    (`p2pkd.scenario.periods`).
    """

    def __init__(
        self,
        dimension: Dimension,
        *,
        positive: bool = False,
        least: float = 0.0,
        most: float = math.inf,
        repeats: bool = False,
    ) -> None:
        self.dimension = dimension
        self.repeats = repeats
        self.positive = positive
        self.least = least
        self.most = min(most, sys.float_info.max)

    def parse(self, value: Any) -> float:
        """Return *value* in base units; raise an error that says what would be right."""
        if not isinstance(value, str):
            example = self.dimension.example
            raise PydanticCustomError(
                "quantity",
                "needs a unit, given {given}; write it like '{example}'",
                {"given": shown(value), "example": example},
            )
        try:
            number = self.dimension.parse(value)
        except ValueError as error:
            raise PydanticCustomError("quantity", "{text}", {"text": str(error)}) from None
        if not number >= 0 or (self.positive and number == 0):
            bound = "more than 0" if self.positive else "0 or more"
            raise self._beyond(bound, value)
        if number < self.least:
            raise self._beyond(f"at least {self.dimension.format(self.least)}", value)
        if number > self.most:
            units = [item for item in self.dimension.units.items() if item[1] <= self.most]
            unit, factor = max(units, key=lambda item: item[1])
            raise self._beyond(f"at most {self.most / factor:.9g} {unit}", value)
        return number

    @staticmethod
    def _beyond(bound: str, value: str) -> PydanticCustomError:
        return PydanticCustomError(
            "quantity", "must be {bound}, given {given}", {"bound": bound, "given": shown(value)}
        )

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
            {"given": shown(value)},
        ) from None


class Percent:
    """Annotation that reads a share between 0 and 1 as a number or in per cent.

    A *positive* one is a millionth of a thousandth at least.
    """

    def __init__(self, *, positive: bool = False) -> None:
        self.least = 1e-9 if positive else 0.0

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            _percent,
            core_schema.float_schema(ge=self.least, le=1, strict=True, allow_inf_nan=False),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number: JsonSchemaValue = {"type": "number", "minimum": 0, "maximum": 1}
        return {"anyOf": [number, {"type": "string", "pattern": r"^\s*[0-9.]+\s*%?\s*$"}]}


def whole(least: int, most: int = 10**9) -> Any:
    """Return the field type of whole numbers from *least* to *most*."""
    return Field(ge=least, le=most, strict=True)


# A million years; events that are a second apart can be told from each other up to then.
AGES = 365.25e6 * 86_400

Duration = Annotated[float, Quantity(units.DURATION, most=AGES)]
Period = Annotated[float, Quantity(units.DURATION, positive=True, least=1e-6, most=AGES)]
# After which something happens again and again.
Interval = Annotated[
    float, Quantity(units.DURATION, positive=True, least=1e-6, most=AGES, repeats=True)
]
Span = Annotated[float, Quantity(units.DURATION, positive=True, most=AGES)]
Size = Annotated[float, Quantity(units.SIZE, most=1e15)]
# In every message: a thousand million messages of it are still counted in 64 bits.
Header = Annotated[float, Quantity(units.SIZE, most=1e9)]
# Sizes by which others are divided: half a byte of them would make a message wait for ever.
Unit = Annotated[float, Quantity(units.SIZE, positive=True, least=1.0, most=1e15)]
Rate = Annotated[float, Quantity(units.RATE, positive=True, least=0.125, most=1e15)]
FlopRate = Annotated[float, Quantity(units.FLOP_RATE, positive=True, least=1.0, most=1e21)]
Power = Annotated[float, Quantity(units.POWER, most=1e9)]
Energy = Annotated[float, Quantity(units.ENERGY, positive=True, least=1e-6, most=1e18)]
EnergyPerSize = Annotated[float, Quantity(units.ENERGY_PER_SIZE, most=1e3)]
Length = Annotated[float, Quantity(units.LENGTH, positive=True, least=1e-3, most=1e9)]
Speed = Annotated[float, Quantity(units.SPEED, most=3e8)]
Share = Annotated[float, Percent()]
Fraction = Annotated[float, Percent(positive=True)]
Count = Annotated[int, whole(1)]
Steps = Annotated[int, whole(0, 10**6)]
Number = Annotated[float, Field(allow_inf_nan=False)]
# Factors of losses, gradients and decays.
Weight = Annotated[float, Field(ge=0, le=1e9)]
Strength = Annotated[float, Field(gt=0, le=1e9)]
# What a figure is multiplied by.
Factor = Annotated[float, Field(ge=1e-6, le=1e6)]
Temperature = Annotated[float, Field(ge=1e-3, le=1e6)]
# Exponents of what is itself bounded.
Exponent = Annotated[float, Field(ge=-10, le=10)]
LearningRate = Annotated[float, Field(gt=0, le=LARGEST)]
# Concentration of a symmetric Dirichlet distribution.
Concentration = Annotated[float, Field(ge=1e-3, le=1e9)]
# Deviation of a logarithm: e^10 is 22,000 times the median.
Sigma = Annotated[float, Field(ge=0, le=10)]
# When a file begins, in its own unit: nanoseconds since 1970 are some 2e18.
Moment = Annotated[float, Field(ge=-1e19, le=1e19)]
TimeUnit = Literal["s", "ms", "us", "min", "h", "d"]
