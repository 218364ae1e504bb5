"""Whose data it is stands in the signature: no repository hands out or changes rows without being told."""

import ast
from pathlib import Path

STORAGE = Path(__file__).parents[2] / "src" / "entrepot" / "storage"
CARRIES = {"Stream", "Feed", "NewEvent", "NewRun", "Credential", "DataKey", "Origin"}
"""Structs that name their workspace, or were read in one."""
STREAM = "the key of a stream that was found or made in its workspace"
ATTACHMENT = "keys of attachments that were found at such a stream, in such a collection or in the workspace"
COLLECTION = "the key of a collection that was found or made in its workspace"
INTEGRATION = "the key of an integration that was found in its workspace"
ITEMS = "keys of items and links that were found in their workspace, at a stream or in a collection of it"
OPENED = "keys of rows that were read for such a stream or attachment"


def _because(reason: str, module: str, *functions: str) -> dict[str, str]:
    return {f"{module}.{function}": reason for function in functions}


ACROSS = {
    "credentials.due": "idle tokens are renewed for all workspaces",
    "data_keys.lock_wrapping": "a master key wraps the keys of all workspaces",
    "data_keys.master_key_ids": "the same",
    "data_keys.rewrap": "the same",
    "data_keys.wrapped_by_others": "the same",
    "marks.tick": "one clock orders the edits of all workspaces",
    "runs.by_key": "the key of a run that was found or made in its workspace",
    "runs.refuse": "the same",
    "runs.refused_in": "the same",
    "workspaces.add": "a new one",
    "workspaces.first": "where a hub with one workspace begins",
    **_because(STREAM, "attachments", "at", "attach", "of_stream", "plan_from_now_on"),
    **_because(STREAM, "collections", "detached", "has_synced"),
    **_because(STREAM, "incoming", "after", "forget", "forget_agreed", "forget_all", "forget_unlinked", "of", "waits"),
    **_because(STREAM, "linking", "bury", "keep", "known"),
    **_because(STREAM, "mappings", "find", "keep", "samples"),
    **_because(STREAM, "pairs", "links_of"),
    **_because(STREAM, "parents", "restate"),
    **_because(STREAM, "streams", "by_key", "forget_positions"),
    **_because(ATTACHMENT, "attachments", "by_key", "change", "keep_planned_under", "keep_settings"),
    **_because(ATTACHMENT, "conflicts", "open_of"),
    **_because(ATTACHMENT, "excluded", "exclude", "include", "of"),
    **_because(ATTACHMENT, "intents", "is_open", "open_at", "record"),
    **_because(ATTACHMENT, "linking", "linked_elsewhere"),
    **_because(ATTACHMENT, "pairs", "arrived", "due", "of_items", "unlinked"),
    **_because(ATTACHMENT, "pending", "after", "ask", "ask_all", "count", "forget", "of", "retry", "set_aside"),
    **_because(COLLECTION, "attachments", "keep_policies", "of_collection", "policies_of"),
    **_because(INTEGRATION, "attachments", "keep_policy", "policy_of"),
    **_because(INTEGRATION, "mappings", "of_integration"),
    **_because(ITEMS, "bases", "forget", "keep"),
    **_because(ITEMS, "linking", "natives_of"),
    **_because(ITEMS, "marks", "keep", "of"),
    **_because(ITEMS, "pairs", "items_of"),
    **_because(ITEMS, "writes", "replace_files"),
    **_because(OPENED, "conflicts", "close"),
    **_because(OPENED, "incoming", "done"),
    **_because(OPENED, "intents", "settled"),
    **_because(OPENED, "journal", "mark_undone"),
    **_because(OPENED, "pending", "done"),
}


def repositories():
    """Every public function that is handed a transaction, with the names of its parameters and of their types."""
    for path in sorted(STORAGE.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = [*node.args.args, *node.args.kwonlyargs]
                if arguments and arguments[0].arg == "tx":
                    types = {name.id for one in arguments for name in ast.walk(one) if isinstance(name, ast.Name)}
                    yield f"{path.stem}.{node.name}", {one.arg for one in arguments}, types


def test_every_repository_is_told_the_workspace_or_stands_in_the_list_with_its_reason():
    untold = {
        name for name, arguments, types in repositories() if "workspace_id" not in arguments and not types & CARRIES
    }
    assert untold == set(ACROSS)


def test_what_people_and_programs_name_is_only_looked_up_in_a_workspace():
    """Names and public ids are guessed or remembered; the integers inside can only come from such a look-up."""
    for name, arguments, _ in repositories():
        if arguments & {"public", "wanted", "name", "connector", "account_id"} and name not in ACROSS:
            assert arguments & {"workspace_id", "stream"}, name
