"""The JSON Schema of a scenario file, for editors: completion, and the reference of each key as hover text.

Made from the models, so that it says what they say; the forms in which quantities may be written stand here. It is
wider than the format where JSON Schema cannot follow (names that must exist, times that must lie in the run).
"""

from __future__ import annotations

from typing import Any, get_args

from portsim.scenario.overlay import DISTRIBUTIONS
from portsim.scenario.profiles import FASTEST_PACE, SLOWEST_PACE
from portsim.scenario.scenario import ServicePer
from portsim.scenario.schema.file import FORMAT, LARGEST_SEED, ScenarioFile
from portsim.scenario.schema.officers import LONGEST_ROTA
from portsim.scenario.schema.region import RegionFile
from portsim.scenario.schema.values import TARGET_MEASURES, TARGET_STATISTICS

Json = dict[str, Any]

_NAME = "^[A-Za-z][A-Za-z0-9_-]{0,63}$"
_DAYS = "(mon|tue|wed|thu|fri|sat|sun|daily)"
_SPAN = "^[0-9]{1,2}(:[0-9]{2}(:[0-9]{2})?)?-[0-9]{1,2}(:[0-9]{2}(:[0-9]{2})?)?$"


def json_schema() -> Json:
    """The JSON Schema (draft 2020-12) of a scenario file."""
    schema: Json = _tidied(ScenarioFile.model_json_schema(by_alias=True))
    definitions = {**_definitions(), **schema.pop("$defs")}
    for section in ("sides", "officers", "stages", "flows", "windows"):
        schema["properties"][section]["propertyNames"] = {"pattern": _NAME}
    schema["properties"]["sides"]["minProperties"] = 1
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "portsim scenario"}
    # A file that extends another one need not repeat what stands there.
    required = schema.pop("required")
    inherits = {"if": {"not": {"required": ["extends"]}}, "then": {"required": required}}
    return title | schema | {"required": ["portsim"]} | inherits | {"$defs": dict(sorted(definitions.items()))}


def region_json_schema() -> Json:
    """The JSON Schema (draft 2020-12) of a region file."""
    schema: Json = _tidied(RegionFile.model_json_schema(by_alias=True))
    models = schema.pop("$defs")
    port = {"description": models["RegionPortModel"]["description"]}
    named = {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/RegionPortModel"}]}
    schema["properties"]["ports"] |= {
        "additionalProperties": port | named,
        "propertyNames": {"pattern": _NAME},
        "minProperties": 1,
    }
    every = _definitions()
    used = {name: every[name] for name in ("format", "text", "local_time", "seed", "settings")}
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "portsim region"}
    return title | schema | {"$defs": dict(sorted((used | models).items()))}


def _tidied(value: Any) -> Any:
    """What pydantic generates, with our definitions of quantities and without its titles and empty defaults."""
    if isinstance(value, list):
        return [_tidied(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    tidy: Json = {}
    for key, inner in value.items():
        if key == "x-quantity":
            tidy["$ref"] = f"#/$defs/{inner}"
        elif key == "properties":
            tidy[key] = {name: _tidied(below) for name, below in inner.items()}
        elif key == "title" or (key == "default" and inner in (None, {}, [])):
            continue
        else:
            tidy[key] = _tidied(inner)
    return tidy


def _definitions() -> Json:
    """How each quantity may be written."""
    whole: Json = {"type": "integer", "minimum": 0}
    number: Json = {"type": "number"}
    text: Json = {"type": "string", "minLength": 1}
    duration: Json = {"type": "string", "pattern": "^\\s*([0-9.]+(e[+-]?[0-9]+)?\\s*[A-Za-z]+|[Pp].+)\\s*$"}
    percent: Json = {"anyOf": [number, {"type": "string", "pattern": "%\\s*$"}]}
    span_keys: Json = {"propertyNames": {"pattern": _SPAN}}
    day_keys: Json = {"propertyNames": {"pattern": f"^{_DAYS}([-,]\\s*{_DAYS})*$"}}
    hours: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": _cited(text), "minItems": 1}]}
    levels: Json = {"anyOf": [_cited(whole), _map(_cited(whole)) | span_keys]}
    pace = _cited({"type": "number", "minimum": SLOWEST_PACE, "maximum": FASTEST_PACE})
    paces: Json = {"anyOf": [pace, _map(pace) | span_keys]}
    return {
        "inline_source": _inline_source(),
        "format": {"const": FORMAT},
        "name": {"type": "string", "pattern": _NAME},
        "text": text,
        "flag": {"type": "boolean"},
        "seed": {"type": "integer", "minimum": 0, "maximum": LARGEST_SEED},
        "amount": _cited({"type": "number", "minimum": 0}),
        "number": _cited(number),
        "count": _cited(whole),
        "share": _cited(percent),
        "growth": _cited(percent),
        "duration": _cited(duration),
        "rate": _cited({"type": "string", "pattern": "/|per"}),
        "per_day": {"anyOf": [_cited({"type": ["number", "string"]}), _map(_cited({"type": ["number", "string"]}))]},
        "local_time": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"},
        "hours": {"anyOf": [_cited(hours), _map(_cited(hours)) | day_keys]},
        "level": {"anyOf": [levels, _map(levels) | day_keys]},
        "officers_level": {
            "anyOf": [{"$ref": "#/$defs/level"}, _object("csv", csv="text"), _object("forecast", forecast="forecast")]
        },
        "forecast": _object(
            *("every", "load"), every="duration", load="share", at_least="count", at_most="count", lag="duration"
        ),
        "lanes": {"anyOf": [{"$ref": "#/$defs/level"}, _map({"$ref": "#/$defs/level"})]},
        "closures": {"type": "array", "items": _cited(text)},
        "days": {"type": "string", "pattern": f"^\\s*{_DAYS}"},
        "clock_times": {"anyOf": [_cited(text), {"type": "array", "items": _cited(text), "minItems": 1}]},
        "hour_weights": _map({"$ref": "#/$defs/number"}) | span_keys,
        "weekday_weights": _map({"$ref": "#/$defs/number"}) | day_keys,
        "month_weights": _map({"$ref": "#/$defs/number"})
        | {"propertyNames": {"pattern": "^[0-9]{1,2}(-[0-9]{1,2})?$"}},
        "distribution": _distribution(),
        "services": {"anyOf": [{"$ref": "#/$defs/distribution"}, _map({"$ref": "#/$defs/distribution"})]},
        "rota": {"type": "array", "minItems": 1, "maxItems": LONGEST_ROTA, "items": {"$ref": "#/$defs/name"}},
        "shifts": _map(_cited({"type": "string", "pattern": _SPAN})),
        "breaks": _map({"type": "array", "items": _break()}),
        "kinds": {"type": "array", "items": {"$ref": "#/$defs/name"}},
        "stages": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/name"}},
        "waves": {"anyOf": [_object("every", every="duration", up_to="count"), _calls("at")]},
        "slots": {"anyOf": [_object("every", "up_to", every="duration", up_to="count"), _calls("at", "up_to")]},
        "paces": {"anyOf": [paces, _map(paces) | day_keys]},
        "pace_by_number": _map(pace) | {"propertyNames": {"pattern": "^[0-9]+$"}},
        "officers_needed": _map({"$ref": "#/$defs/count"}) | {"maxProperties": 1},
        "persons": _how_many(),
        "goods": _how_many(),
        "priority": {"anyOf": [{"enum": ["high", "ordinary", "low"]}, _object(high="share", low="share")]},
        "journey": {"type": "array", "minItems": 1, "items": _step()},
        "when_closed": {"anyOf": [{"enum": ["queue", "re_spread"]}, _when_closed()]},
        "targets": _map(number) | {"propertyNames": {"enum": _targets()}},
        "files": {"type": "array", "items": text},
        "settings": {"type": "object", "minProperties": 1},
        "texts": {"type": "array", "items": text},
        "paths": {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}, _map(number)]},
        "draws": {"type": "string", "pattern": "^[^\\n]+\\n."},
        "plans": {"type": "object", "additionalProperties": {"type": "object"}, "propertyNames": {"pattern": _NAME}},
        "sources": {"type": "object", "additionalProperties": _source()},
    }


def _cited(written: Json) -> Json:
    """A value as it is written, or together with where it comes from."""
    return {"anyOf": [written, {"$ref": "#/$defs/inline_source"}]}


def _map(values: Json) -> Json:
    return {"type": "object", "minProperties": 1, "additionalProperties": values}


def _object(*required: str, **definitions: str) -> Json:
    properties = {name: {"$ref": f"#/$defs/{definition}"} for name, definition in definitions.items()}
    closed: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return closed | ({"required": list(required)} if required else {})


def _inline_source() -> Json:
    text: Json = {"type": "string", "minLength": 1}
    fact = {
        "type": "object",
        "properties": {
            "fact": {**text, "description": "Id of a published figure; `portsim facts` lists them."},
            "times": {"type": "number", "exclusiveMinimum": 0, "description": "What it is multiplied with. Default 1."},
        },
        "required": ["fact"],
        "additionalProperties": False,
    }
    said = [
        {"type": "object", "properties": {kind: text | {"description": what}, "value": {}}, "required": [kind, "value"]}
        for kind, what in (("assumed", "Why this is assumed."), ("measured", "What was measured, by whom and when."))
    ]
    return {"description": "A value with where it comes from.", "anyOf": [fact, *said]}


def _source() -> Json:
    return {
        "description": "Where the numbers under this path come from.",
        "type": "object",
        "properties": {
            "fact": {"type": "string", "description": "Id of a published figure."},
            "times": {"type": "number", "exclusiveMinimum": 0, "description": "What it is multiplied with. Default 1."},
            "assumed": {"type": "string", "description": "Why this is assumed."},
            "measured": {"type": "string", "description": "What was measured, by whom and when."},
        },
        "minProperties": 1,
    }


def _distribution() -> Json:
    duration, number = "duration", "number"
    durations = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/duration"}}
    forms: dict[str, Json] = {
        "fixed": {"$ref": "#/$defs/duration"},
        "uniform": _object("low", "high", low=duration, high=duration),
        "triangular": _object("low", "mode", "high", low=duration, mode=duration, high=duration),
        "exponential": _object("mean", mean=duration),
        "erlang": _object("mean", "shape", mean=duration, shape="count"),
        "gamma": _object("mean", "cv", mean=duration, cv=number),
        "lognormal": _object("mean", "cv", mean=duration, cv=number),
        "weibull": _object("mean", "shape", mean=duration, shape=number),
        "empirical": {"anyOf": [durations, _object("file", "column", "unit", file="text", column="text", unit="text")]},
    }
    assert forms.keys() == DISTRIBUTIONS
    one = {"type": "object", "properties": forms, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [{"$ref": "#/$defs/duration"}, one]}


def _break() -> Json:
    written = _object("at", "for", officers="count")
    written["properties"] |= {"at": _cited({"type": "string"}), "for": {"$ref": "#/$defs/duration"}}
    return written


def _calls(*needed: str) -> Json:
    call = _object(*needed, at="clock_times", days="days", up_to="count")
    return {"type": "array", "minItems": 1, "items": call}


def _step() -> Json:
    roles = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/name"}}
    details = _object(share="share", service="distribution", booked_after="distribution")
    waits = {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/duration"}]}
    passed = {"anyOf": [{"$ref": "#/$defs/name"}, {"$ref": "#/$defs/stages"}]}
    details["properties"] |= {"roles": roles, "helped_by": roles, "wait_for_passengers": waits}
    details["properties"] |= {"after": passed, "unless": passed, "service_per": {"enum": list(get_args(ServicePer))}}
    of_stage = _map({"anyOf": [{"$ref": "#/$defs/share"}, details]}) | {"maxProperties": 1}
    return {"anyOf": [{"$ref": "#/$defs/name"}, of_stage]}


def _when_closed() -> Json:
    return _object(stay_away="share", come_back="distribution") | {"minProperties": 1}


def _targets() -> list[str]:
    return [f"{measure}_{statistic}_min" for measure in TARGET_MEASURES for statistic in TARGET_STATISTICS]


def _how_many() -> dict[str, Any]:
    """A number, a map of mean and cv, or a map of from and to."""
    spread = _object("mean", "cv", mean="number", cv="number")
    return {"anyOf": [{"$ref": "#/$defs/amount"}, spread, _object("from", "to", **{"from": "count", "to": "count"})]}
