"""Whose data it is stands in the signature: no repository hands out or changes rows without being told."""

import ast
from pathlib import Path

STORAGE = Path(__file__).parents[2] / "src" / "entrepot" / "storage"
CARRIES = {"Stream", "Feed", "NewEvent", "NewRun", "Credential", "DataKey"}
"""Structs that name their workspace, or were read in one."""
ACROSS = {
    "credentials.due": "idle tokens are renewed for all workspaces",
    "data_keys.lock_wrapping": "a master key wraps the keys of all workspaces",
    "data_keys.master_key_ids": "the same",
    "data_keys.rewrap": "the same",
    "data_keys.wrapped_by_others": "the same",
    "mappings.find": "the key of a stream that was found or made in its workspace",
    "mappings.keep": "the same",
    "mappings.of_integration": "the key of an integration that was found in its workspace",
    "mappings.samples": "the key of a stream that was found or made in its workspace",
    "runs.by_key": "the key of a run that was found or made in its workspace",
    "runs.refuse": "the same",
    "runs.refused_in": "the same",
    "workspaces.add": "a new one",
    "workspaces.first": "where a hub with one workspace begins",
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
