"""The description of the API, laid out for people: from the same OpenAPI document that programs read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REFERENCE = "#/components/schemas/"
_FORMATS = {
    "date-time": "moment in UTC",
    "date": "date",
    "time": "time of day",
    "email": "e-mail address",
    "uri": "address",
}
_TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}


@dataclass(frozen=True, slots=True)
class Field:
    """One value: a parameter, or a member of a body. ``thing`` names the body it holds, if it holds one."""

    name: str
    kind: str
    words: str
    is_required: bool
    thing: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back. ``thing`` names its body; ``is_page`` says that it is a page of them."""

    status: str
    words: str
    thing: str = ""
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for."""

    anchor: str
    method: str
    path: str
    summary: str
    words: str
    parameters: tuple[Field, ...]
    sends: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """A body and its fields."""

    name: str
    words: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """Everything the page shows."""

    groups: tuple[tuple[str, tuple[Operation, ...]], ...]
    things: tuple[Thing, ...]


def of(document: Mapping[str, Any]) -> Description:
    """The page of an OpenAPI document."""
    schemas = document["components"]["schemas"]
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            title = operation["tags"][0].replace("-", " ").capitalize()
            groups.setdefault(title, []).append(_operation(path, method, operation, schemas))
    things = (
        _thing(name, schema, schemas) for name, schema in sorted(schemas.items()) if _is_thing(name, schema)
    )
    return Description(tuple((title, tuple(group)) for title, group in groups.items()), tuple(things))


def _operation(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Operation:
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    parameters = (
        _field(each["name"], each["schema"] | {"description": each.get("description", "")}, schemas, each)
        for each in operation.get("parameters", [])
    )
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        words=_plain(operation),
        parameters=tuple(parameters),
        sends=_name_in(sent),
        answers=tuple(_answers(operation["responses"])),
    )


def _answers(responses: Mapping[str, Any]) -> Iterator[Answer]:
    for status, response in sorted(responses.items()):
        [schema] = [each.get("schema", {}) for each in response.get("content", {"": {}}).values()][:1]
        name = _name_in(schema)
        if name == "Problem":
            yield Answer(status, response["description"], name)
        elif name.startswith("Paginated"):
            inner = name.removeprefix("Paginated").removesuffix("List")
            yield Answer(status, response["description"], inner, is_page=True)
        else:
            yield Answer(status, response["description"], name)


def _thing(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Thing:
    required = set(schema.get("required", ()))
    fields = (
        _field(field, inner, schemas, {"required": field in required})
        for field, inner in schema.get("properties", {}).items()
    )
    return Thing(name, _plain(schema), tuple(fields))


def _is_thing(name: str, schema: Mapping[str, Any]) -> bool:
    return "properties" in schema and not name.startswith("Paginated")


def _field(
    name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], more: Mapping[str, Any]
) -> Field:
    kind, thing = _kind(schema, schemas)
    return Field(name, kind, _plain(schema), bool(more.get("required")), thing)


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[str, str]:
    """What sort of value it is, in words, and the body it holds."""
    if reference := _name_in(schema):
        target = schemas[reference]
        kind, thing = _kind(target, schemas) if "properties" not in target else ("", reference)
    elif schema.get("type") == "array":
        inner, thing = _kind(schema["items"], schemas)
        kind = f"list of {inner}" if inner else "list of"
    elif "enum" in schema:
        named = [str(each) for each in schema["enum"] if each not in ("", None)]
        kind, thing = f"one of {', '.join(named)}", ""
    elif "pattern" in schema:
        kind, thing = "code", ""
    else:
        plain = _TYPES.get(schema.get("type", ""), "any value")
        kind, thing = _FORMATS.get(schema.get("format", ""), plain), ""
    return kind + (" or null" if schema.get("nullable") and not thing else ""), thing


def _name_in(schema: Mapping[str, Any]) -> str:
    """The name of the body that a schema refers to, also in the ways that a nullable one is written."""
    choices = [schema, *schema.get("allOf", ()), *schema.get("oneOf", ())]
    names = [each["$ref"].removeprefix(_REFERENCE) for each in choices if "$ref" in each]
    return next((name for name in names if name not in {"NullEnum", "BlankEnum"}), "")


def _plain(described: Mapping[str, Any]) -> str:
    """Its words without Markdown's marks."""
    words: str = described.get("description", "")
    return words.replace("`", "")
