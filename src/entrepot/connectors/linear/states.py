"""What Linear has by other names when it is written: a state by the id that its team has for it, and days alone."""

from collections.abc import Mapping
from typing import Any

from entrepot.core.errors import RecordRefused, ServiceChanged
from entrepot.protocols.graphql import GraphQL
from entrepot.transport.client import Client

Json = dict[str, Any]

_QUERY = """query States($team: ID!, $type: String!) {
  workflowStates(first: 250, filter: {team: {id: {eq: $team}}, type: {eq: $type}}) { nodes { id position } }
}"""


async def prepare(record: Json, native: Json, _data: Json, http: Client, words: Mapping[str, Any]) -> Json:
    """A type of state becomes the team's first state of this type; of a time, the day is kept."""
    state, time = record.pop("state", None), record.pop("entrepot", {}).get("time")
    if state is not None:
        record["stateId"] = await _state(http, str(words.get("collection", "")), state["type"])
    if time is not None:
        record["dueDate"] = time[:10]
    if native and record.get("dueDate", "") == native.get("dueDate"):
        del record["dueDate"]
    return record


def project(field: str, value: Any) -> Any:
    """An issue is due on a day, and begins when somebody begins."""
    if field != "when" or not value.get("due"):
        return value
    day = {"due": f"{value['due'][:10]}T00:00:00", "show_without_time": True, "time_zone": None}
    return {**value, **{name: told for name, told in day.items() if name in value}}


async def _state(http: Client, team: str, kind: str) -> str:
    answer = await GraphQL(http, "/graphql", unknown=ServiceChanged).ask(_QUERY, {"team": team, "type": kind})
    found = answer["workflowStates"]["nodes"]
    if not found:
        raise RecordRefused(f"The team has no state of the type {kind}. Add one in Linear: Settings → Team → Workflow.")
    return min(found, key=lambda state: state["position"])["id"]
