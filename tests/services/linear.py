"""Linear as its GraphQL schema and its pages for developers tell of it: teams with states of their own, a trash, client ids.

https://linear.app/developers/graphql: an id may be given when an issue is made, and not twice; what is deleted lies in
the trash; an issue has the first unstarted state of its team; moved to another team, it has a state of that team.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web
from graphql import GraphQLError, build_schema, graphql_sync

from tests.services.faults import Faults

Json = dict[str, Any]

SCHEMA = build_schema("""
scalar DateTime
scalar TimelessDate
type User { id: ID! name: String displayName: String }
type Team { id: ID! key: String! name: String! color: String }
type State { id: ID! name: String! type: String! position: Float! }
type Label { name: String! }
type Labels { nodes: [Label!]! }
type Named { id: ID! name: String! }
type Cycle { number: Float! name: String startsAt: DateTime endsAt: DateTime }
type Parent { id: ID! identifier: String! }
type Issue {
  id: ID! identifier: String! number: Float! title: String! description: String priority: Float! estimate: Float
  dueDate: TimelessDate url: String! createdAt: DateTime! updatedAt: DateTime! startedAt: DateTime completedAt: DateTime
  canceledAt: DateTime archivedAt: DateTime trashed: Boolean labelIds: [String!]! state: State! team: Team! assignee: User
  creator: User project: Named projectMilestone: Named cycle: Cycle parent: Parent labels(first: Int): Labels!
}
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Issues { nodes: [Issue!]! pageInfo: PageInfo! }
type Teams { nodes: [Team!]! pageInfo: PageInfo! }
type States { nodes: [State!]! }
input Date { gte: DateTime }
input Id { eq: ID }
input Text { eq: String }
input TeamFilter { id: Id }
input IssueFilter { id: Id updatedAt: Date }
input WorkflowStateFilter { team: TeamFilter type: Text }
input IssueCreateInput { id: String teamId: String! title: String description: String priority: Int dueDate: TimelessDate
  stateId: String }
input IssueUpdateInput { teamId: String title: String description: String priority: Int dueDate: TimelessDate
  stateId: String }
type IssuePayload { issue: Issue success: Boolean! }
type IssueArchivePayload { success: Boolean! }
type Query {
  viewer: User!
  teams(first: Int, after: String, includeArchived: Boolean): Teams!
  issues(first: Int, after: String, filter: IssueFilter, includeArchived: Boolean): Issues!
  workflowStates(first: Int, filter: WorkflowStateFilter): States!
}
type Mutation {
  issueCreate(input: IssueCreateInput!): IssuePayload!
  issueUpdate(id: String!, input: IssueUpdateInput!): IssuePayload!
  issueDelete(id: String!): IssueArchivePayload!
}
""")
ENG, OPS = "6d1f0a52-0001-4000-8000-0000000000e1", "6d1f0a52-0001-4000-8000-0000000000e2"
TYPES = ("triage", "backlog", "unstarted", "started", "completed", "canceled", "duplicate")
_ENDS = {"completed": "completedAt", "canceled": "canceledAt", "duplicate": "canceledAt", "started": "startedAt"}
_MOST = 250


class Linear:
    """`now` goes on by a second with each change."""

    def __init__(self) -> None:
        self.teams = [{"id": ENG, "key": "ENG", "name": "Engineering"}, {"id": OPS, "key": "OPS", "name": "Operations"}]
        self.states = {
            f"{team['key']}-{kind}-{place}": {
                "id": f"{team['key']}-{kind}-{place}",
                "name": f"{kind} {place}",
                "type": kind,
                "position": float(place),
                "team": team["id"],
            }
            for team in self.teams
            for kind in TYPES
            for place in (2, 1)
        }
        self.issues: dict[str, Json] = {}
        self.faults = Faults()
        self.faults.is_write = lambda _, body: b"mutation" in body  # type: ignore[method-assign]
        self.inputs: list[Json] = []
        self.now = datetime.now(UTC)

    def add(self, title: str, team: str = ENG, **members: Any) -> Json:
        """As the person does in the app."""
        return self._made({"title": title, "teamId": team, "id": str(uuid4())}) | self._set(members)

    def _set(self, members: Json) -> Json:
        issue = list(self.issues.values())[-1]
        issue |= members
        return issue

    def edit(self, name: str, **members: Any) -> None:
        self.issues[name] |= {**members, "updatedAt": self._stamp()}

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware()])
        app.router.add_post("/graphql", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        sent = json.loads(await request.read())
        root = {
            "viewer": {"id": "c0ffee00", "name": "Ada"},
            "teams": lambda *_, **__: {"nodes": self.teams, "pageInfo": {"hasNextPage": False}},
            "issues": lambda _, **how: self._listed(**how),
            "workflowStates": lambda _, **how: self._states(how["filter"]),
            "issueCreate": lambda _, **how: self._create(how["input"]),
            "issueUpdate": lambda _, **how: self._update(how["id"], how["input"]),
            "issueDelete": lambda _, **how: self._delete(how["id"]),
        }
        found = graphql_sync(SCHEMA, sent["query"], root, variable_values=sent.get("variables"))
        answer = json.loads(json.dumps(found.formatted))
        return web.json_response(answer, status=200 if found.data else 400)

    def _listed(self, first: int = 50, after: str | None = None, **how: Any) -> Json:
        wanted: Mapping[str, Any] = how.get("filter") or {}
        since = wanted.get("updatedAt", {}).get("gte", "")
        some = [
            issue
            for issue in sorted(self.issues.values(), key=lambda each: each["createdAt"], reverse=True)
            if wanted.get("id", {}).get("eq", issue["id"]) == issue["id"] and issue["updatedAt"] >= since
        ]
        start = int(after or 0)
        if first > _MOST:
            raise GraphQLError("Too many", extensions={"code": "INPUT_ERROR"})
        more = start + first < len(some)
        page = {"hasNextPage": more, "endCursor": str(start + first) if more else None}
        return {"nodes": [self._told(each) for each in some[start : start + first]], "pageInfo": page}

    def _states(self, wanted: Mapping[str, Any]) -> Json:
        team, kind = wanted["team"]["id"]["eq"], wanted["type"]["eq"]
        return {"nodes": [each for each in self.states.values() if (each["team"], each["type"]) == (team, kind)]}

    def _create(self, given: Json) -> Json:
        self.inputs.append(given)
        if not given.get("title"):
            raise GraphQLError("Argument Validation Error", extensions={"code": "INVALID_INPUT", "statusCode": 400})
        name = given.setdefault("id", str(uuid4()))
        if UUID(name).version != 4 or name in self.issues:
            raise GraphQLError(f"Entity {name} already exists", extensions={"code": "INVALID_INPUT"})
        return {"issue": self._told(self._made(given)), "success": True}

    def _made(self, given: Json) -> Json:
        team = next(each for each in self.teams if each["id"] == given["teamId"])
        at, number = self._stamp(), len(self.issues) + 1
        identifier = f"{team['key']}-{number}"
        issue = {"identifier": identifier, "number": float(number), "url": f"https://linear.app/x/issue/{identifier}"}
        issue |= {"createdAt": at, "updatedAt": at, "labelIds": [], "labels": {"nodes": []}, "priority": 0.0}
        self.issues[given["id"]] = issue
        self._change(issue, {"stateId": f"{team['key']}-unstarted-1", **given})
        return issue

    def _update(self, name: str, given: Json) -> Json:
        self.inputs.append(given)
        issue = self._known(name)
        if "teamId" in given and given["teamId"] != issue["teamId"] and "stateId" not in given:
            key = next(each["key"] for each in self.teams if each["id"] == given["teamId"])
            given = {**given, "stateId": issue["stateId"].replace(issue["identifier"].partition("-")[0], key, 1)}
        self._change(issue, given)
        return {"issue": self._told(issue), "success": True}

    def _change(self, issue: Json, given: Json) -> None:
        state = self.states.get(given.get("stateId", issue.get("stateId")))
        if state is None or state["team"] != given.get("teamId", issue.get("teamId")):
            raise GraphQLError("Discrepancy between issue team and state", extensions={"code": "INVALID_INPUT"})
        if "stateId" in given and given["stateId"] != issue.get("stateId"):
            issue |= dict.fromkeys(_ENDS.values())
            issue |= {_ENDS[state["type"]]: self._stamp()} if state["type"] in _ENDS else {}
        issue |= {**given, "updatedAt": self._stamp()}
        issue["description"] = (issue.get("description") or "").rstrip() or None  # it keeps no blanks at the end

    def _delete(self, name: str) -> Json:
        self._known(name).update(trashed=True, archivedAt=self._stamp(), updatedAt=self._stamp())
        return {"success": True}

    def _known(self, name: str) -> Json:
        if name not in self.issues:
            message = "Entity not found: Issue - Could not find referenced Issue."
            raise GraphQLError(message, extensions={"code": "INVALID_INPUT", "statusCode": 400})
        return self.issues[name]

    def _told(self, issue: Json) -> Json:
        team = next(each for each in self.teams if each["id"] == issue["teamId"])
        return {**issue, "team": team, "state": self.states[issue["stateId"]]}

    def _stamp(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
