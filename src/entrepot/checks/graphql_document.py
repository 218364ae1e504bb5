"""A GraphQL schema as a contract: whether a query is valid, its variables too, and what its answer looks like."""

from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from entrepot.checks.schema import Schema

Json = dict[str, Any]


class GraphQLDocument(msgspec.Struct, frozen=True, dict=True):
    path: Path

    @cached_property
    def schema(self) -> Any:
        from graphql import build_schema  # noqa: PLC0415 -- only this check needs it

        return build_schema(self.path.read_text("utf-8"), assume_valid_sdl=True)

    def problems(self, query: str, variables: Json) -> list[str]:
        """What the schema forbids or does not know, in the query or its variables."""
        from graphql import GraphQLError, OperationDefinitionNode, parse, validate  # noqa: PLC0415 -- the same
        from graphql.execution.values import get_variable_values  # noqa: PLC0415 -- the same

        try:
            parsed = parse(query)
        except GraphQLError as why:
            return [why.message]
        errors = [error.message for error in validate(self.schema, parsed)]
        if errors:
            return errors
        operations = [each for each in parsed.definitions if isinstance(each, OperationDefinitionNode)]
        if len(operations) != 1:
            return ["a query file holds one operation"]
        known = {each.variable.name.value for each in operations[0].variable_definitions or ()}
        strange = [f"the variable {name} is not declared in the query" for name in variables if name not in known]
        coerced = get_variable_values(self.schema, operations[0].variable_definitions or (), variables)
        return strange + ([error.message for error in coerced] if isinstance(coerced, list) else [])

    def answer(self, query: str) -> Schema:
        """The answer to a valid query, as JSON Schema."""
        from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse  # noqa: PLC0415 -- the same

        parsed = parse(query)
        fragments = {each.name.value: each for each in parsed.definitions if isinstance(each, FragmentDefinitionNode)}
        operation = next(each for each in parsed.definitions if isinstance(each, OperationDefinitionNode))
        root = self.schema.get_root_type(operation.operation)
        data = _selected(self.schema, root, operation.selection_set, fragments)
        return Schema({"type": "object", "properties": {"data": data}}, {})


def _selected(schema: Any, parent: Any, selections: Any, fragments: dict[str, Any]) -> Json:
    from graphql import FieldNode, FragmentSpreadNode  # noqa: PLC0415 -- the same

    properties: dict[str, Json] = {}
    for each in selections.selections:
        if isinstance(each, FieldNode):
            name = each.alias.value if each.alias else each.name.value
            if each.name.value == "__typename":
                properties[name] = {"type": "string"}
            else:
                field = parent.fields[each.name.value]
                properties[name] = _typed(schema, field.type, each.selection_set, fragments)
            continue
        part = fragments[each.name.value] if isinstance(each, FragmentSpreadNode) else each
        condition = schema.type_map[part.type_condition.name.value] if part.type_condition else parent
        properties |= _selected(schema, condition, part.selection_set, fragments)["properties"]
    return {"type": "object", "properties": properties}


def _typed(schema: Any, kind: Any, selections: Any, fragments: dict[str, Any]) -> Json:
    from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull  # noqa: PLC0415 -- the same

    if isinstance(kind, GraphQLNonNull):
        return _typed(schema, kind.of_type, selections, fragments)
    if isinstance(kind, GraphQLList):
        return {"type": "array", "items": _typed(schema, kind.of_type, selections, fragments)}
    if isinstance(kind, GraphQLEnumType):
        return {"type": "string", "enum": list(kind.values)}
    if selections is not None:
        return _selected(schema, kind, selections, fragments)
    known = {"String": "string", "ID": "string", "Int": "integer", "Float": "number", "Boolean": "boolean"}
    return {"type": known[kind.name]} if kind.name in known else {}
