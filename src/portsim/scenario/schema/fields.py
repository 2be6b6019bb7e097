"""What the fields of the schema are made of: quantities with their own readers, and errors in our own words.

A quantity is read by one function that returns what the model needs and raises ValueError with the rule and the
cure. pydantic sees neither unions nor nested alternatives, so each error has one exact place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import ErrorDetails, core_schema

from portsim.scenario import profiles, units
from portsim.scenario.levels import WeekProfile
from portsim.scenario.units import shown
from portsim.yamlfile import Path

NAME_RULE = "a name begins with a letter, then letters, digits, '_' or '-', at most 64 in all"

ModelType = TypeVar("ModelType", bound=BaseModel)


class Model(BaseModel):
    """A map of the scenario file: no other keys than these, nothing changes after reading."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        defer_build=True,
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One thing wrong below the value that was validated; `at_key` if the key itself is wrong."""

    path: Path
    message: str
    at_key: bool = False


class Refusal(ValueError):
    """A value with several parts is wrong, in one or more places below it."""

    def __init__(self, found: Iterable[Found]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(one.message for one in self.found))


def refuse(message: str, *path: str | int, at_key: bool = False) -> NoReturn:
    """Raise for one thing wrong at `path` below the value being read."""
    raise Refusal([Found(path, message, at_key)])


def found_in(error: ValueError) -> tuple[Found, ...]:
    """What a reader of quantities found wrong."""
    if isinstance(error, Refusal):
        return error.found
    return (Found(tuple(getattr(error, "path", ())), str(error)),)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Reads a field with `read`; `name` is its definition in the JSON Schema."""

    read: Callable[[Any], Any]
    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"x-quantity": self.name}


@dataclass(frozen=True, slots=True)
class OneOf:
    """Reads one of a few words, the arguments of the `Literal` it annotates."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        words = get_args(source)

        def read(value: Any) -> str:
            return read_word(value, words)

        return core_schema.no_info_before_validator_function(read, handler(source))


def read_word(value: Any, words: Iterable[str]) -> str:
    """One of a few words."""
    allowed = tuple(words)
    if isinstance(value, str) and value in allowed:
        return value
    meant = units.suggestion(value, allowed) if isinstance(value, str) else ""
    raise ValueError(f"got {shown(value)}; allowed: {', '.join(allowed)}{meant}")


def read_text(value: Any) -> str:
    """Text that is not empty; a number or a truth value is not text."""
    if isinstance(value, str):
        if value.strip():
            return value
        raise ValueError("got empty text; write something")
    cure = "; put it in quotes" if isinstance(value, bool | int | float) else ""
    raise ValueError(f"got {shown(value)}, which is not text{cure}")


def is_name(value: str) -> bool:
    """Whether this may name a side, stage, pool, flow, plan, window, role or kind."""
    return (
        len(value) <= 64
        and value[:1].isalpha()
        and value.isascii()
        and all(character.isalnum() or character in "_-" for character in value)
    )


def read_name(value: Any) -> str:
    """The name of something in the scenario."""
    text = read_text(value)
    if not is_name(text):
        raise ValueError(f"got {shown(text)}; {NAME_RULE}")
    return text


def read_flag(value: Any) -> bool:
    """true or false, as YAML 1.2 writes them."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"got {shown(value)}; allowed: true, false")


def read_map(value: Any, what: str) -> dict[str, Any]:
    """A map that is not empty."""
    if isinstance(value, dict) and value:
        return value
    raise ValueError(f"got {shown(value)}; {what}")


def read_list(value: Any, read: Callable[[Any], Any], what: str) -> tuple[Any, ...]:
    """A list whose items `read` reads; everything wrong in it at once."""
    if not isinstance(value, list):
        raise ValueError(f"got {shown(value)}; {what}")
    found: list[Found] = []
    result = []
    for index, item in enumerate(value):
        try:
            result.append(read(item))
        except ValueError as error:
            found += [Found((index, *one.path), one.message, one.at_key) for one in found_in(error)]
    if found:
        raise Refusal(found)
    return tuple(result)


def read_parts(value: Mapping[str, Any], parts: Mapping[str, Callable[[Any], Any]], needed: Iterable[str]) -> Any:
    """A map with known keys, each read by its own function; everything wrong in it at once."""
    found: list[Found] = []
    result = {}
    for key, inner in value.items():
        if key not in parts:
            found.append(Found((key,), unknown_key(key, parts), at_key=True))
            continue
        try:
            result[key] = parts[key](inner)
        except ValueError as error:
            found += [Found((key, *one.path), one.message, one.at_key) for one in found_in(error)]
    found += [Found((key,), "is required") for key in needed if key not in value]
    if found:
        raise Refusal(found)
    return result


def unknown_key(key: str, known: Iterable[str]) -> str:
    """What to say of a key the format does not have."""
    names = list(known)
    meant = units.suggestion(key, names)
    return f"unknown key{meant}" if meant else f"unknown key; allowed: {', '.join(names)}"


def validate(model: type[ModelType], value: Any) -> ModelType:
    """Read a map by its model; Refusal with everything wrong in it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refusal(
            found for detail in error.errors(include_url=False) for found in _translate(detail, model)
        ) from None


def _translate(detail: ErrorDetails, model: type[BaseModel]) -> tuple[Found, ...]:
    """A pydantic error in our words, at its path."""
    path: Path = tuple(detail["loc"])
    match detail["type"]:
        case "missing":
            return (Found(path, f"is required: {_meaning(model, path)}"),)
        case "extra_forbidden":
            return (Found(path, unknown_key(str(path[-1]), keys_at(model, path[:-1])), at_key=True),)
        case "value_error":
            error = detail["ctx"]["error"]
            return tuple(Found((*path, *one.path), one.message, one.at_key) for one in found_in(error))
        case "model_type" | "model_attributes_type" | "dict_type":
            keys = list(keys_at(model, path))
            allowed = f" with the keys {', '.join(keys)}" if keys else ""
            return (Found(path, f"got {shown(detail['input'])}; write a map{allowed}"),)
        case "list_type" | "tuple_type":
            return (Found(path, f"got {shown(detail['input'])}; write a list"),)
        case _:
            return (Found(path, f"got {shown(detail['input'])}, which is not allowed here"),)


def keys_at(model: type[BaseModel], path: Path) -> Iterable[str]:
    """The keys the map at this path below `model` may have; none if it has no model of its own."""
    parts = iter([part for part in path if not isinstance(part, int)])
    for part in parts:
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == part), None)
        inner = _model_in(field.annotation) if field else None
        # Below a map of names a part is a name of the user's own; the map itself may have any.
        if field is None or inner is None or (get_origin(field.annotation) is dict and next(parts, None) is None):
            return ()
        model = inner
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _meaning(model: type[BaseModel], path: Path) -> str:
    """The first sentence of a field's reference."""
    for part in path[:-1]:
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == part), None)
        model = (_model_in(field.annotation) if field else None) or model
    field = next(f for name, f in model.model_fields.items() if (f.alias or name) == path[-1])
    sentence = (field.description or "").partition(". ")[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


Name = Annotated[str, Quantity(read_name, "name")]
Text = Annotated[str, Quantity(read_text, "text")]
Flag = Annotated[bool, Quantity(read_flag, "flag")]
Duration = Annotated[int, Quantity(units.parse_duration, "duration")]
Rate = Annotated[float, Quantity(units.parse_rate, "rate")]
Share = Annotated[float, Quantity(units.parse_share, "share")]
Growth = Annotated[float, Quantity(units.parse_growth, "growth")]
Count = Annotated[int, Quantity(units.parse_count, "count")]
Hours = Annotated[WeekProfile, Quantity(profiles.parse_hours, "hours")]
Level = Annotated[WeekProfile, Quantity(profiles.parse_level, "level")]
