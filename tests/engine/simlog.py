"""An observer that remembers."""

from __future__ import annotations

from typing import Any

from p2pkd.core.records import Observer


class Log(Observer):
    """Keeps every record, in order."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.message = self.compute = self.evaluation = self.records.append
        self.population = self.presence = self.agent = self.records.append

    def of(self, kind: str) -> list[Any]:
        return [record for record in self.records if type(record).__name__ == kind]
