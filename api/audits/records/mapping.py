"""How a station writes one kind of its files: saved once, used for every file after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.domain.audits import RecordKind

Encoding = Literal["auto", "windows-1258"]
ENCODINGS: tuple[Encoding, ...] = ("auto", "windows-1258")
"""`auto`: UTF-8 with or without its mark, or UTF-16 with it. windows-1258 cannot be told from others: it is chosen."""
TIME_FORMS: dict[str, str] = {
    "DD/MM/YYYY HH:MM": "%d/%m/%Y %H:%M",
    "DD/MM/YYYY HH:MM:SS": "%d/%m/%Y %H:%M:%S",
    "HH:MM DD/MM/YYYY": "%H:%M %d/%m/%Y",
    "DD-MM-YYYY HH:MM": "%d-%m-%Y %H:%M",
    "YYYY-MM-DD HH:MM": "%Y-%m-%d %H:%M",
    "YYYY-MM-DD HH:MM:SS": "%Y-%m-%d %H:%M:%S",
}
SEPARATORS: dict[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


@dataclass(frozen=True, slots=True)
class RecordField:
    """One field of a record. `header` is what the file is first asked for."""

    name: str
    header: str
    is_needed: bool = True
    is_time: bool = False


FIELDS: dict[RecordKind, tuple[RecordField, ...]] = {
    "transport_order": (
        RecordField("number", "id"),
        RecordField("plate", "plate"),
        RecordField("planned_at", "depart_plan", is_needed=False, is_time=True),
        RecordField("departed_at", "depart_real", is_needed=False, is_time=True),
        RecordField("route", "route", is_needed=False),
    ),
    "inspection": (
        RecordField("number", "no"),
        RecordField("plate", "plate"),
        RecordField("started_at", "t_start", is_time=True),
        RecordField("ended_at", "t_end", is_time=True),
        RecordField("lane", "lane", is_needed=False),
        RecordField("result", "result", is_needed=False),
    ),
}
"""What the findings compare or show. Names of people and whatever else a file holds are not read."""


class RecordMapping(BaseModel):
    """Attributes:
    columns: the file's header for each field; a field without one is not read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RecordKind
    separator: Literal["comma", "semicolon", "tab", "bar"] = "comma"
    encoding: Encoding = "auto"
    time_form: Literal[
        "DD/MM/YYYY HH:MM", "DD/MM/YYYY HH:MM:SS", "HH:MM DD/MM/YYYY", "DD-MM-YYYY HH:MM", "YYYY-MM-DD HH:MM",
        "YYYY-MM-DD HH:MM:SS",
    ] = "DD/MM/YYYY HH:MM"  # fmt: skip
    columns: dict[str, str] = Field(max_length=16)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        fields = {field.name: field for field in FIELDS[self.kind]}
        for name in self.columns:
            if name not in fields:
                raise ValueError(f"columns: got {name[:40]!r}, expected one of {', '.join(fields)}")
        for field in fields.values():
            if field.is_needed and not self.columns.get(field.name):
                raise ValueError(f"columns: got no header for {field.name}, expected one")
        if self.kind == "transport_order" and not {"planned_at", "departed_at"} & self.columns.keys():
            raise ValueError("columns: got no time, expected planned_at, departed_at or both")
        if len(set(self.columns.values())) != len(self.columns):
            raise ValueError("columns: got one header for two fields, expected one for each")
        return self


def usual_mapping(kind: RecordKind) -> RecordMapping:
    """What is offered before anybody has saved a mapping."""
    return RecordMapping(kind=kind, columns={field.name: field.header for field in FIELDS[kind]})
