"""Reading a manifest file: everything wrong with it at once, each with its line."""

from itertools import groupby
from pathlib import Path

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_identity import IDENTITY, identity_of
from entrepot.sdk.manifest_lines import Marked, Place, Problem, read_marked
from entrepot.sdk.manifest_rules import broken_rules


class Examined(msgspec.Struct, frozen=True):
    """A manifest file after a look: the manifest if it could be read, its lines, and everything wrong with it."""

    path: Path
    manifest: Manifest | None
    marked: Marked
    problems: list[Problem]

    def checked(self) -> Manifest:
        """The manifest, or PersonMustFix with every problem, a line each."""
        if self.manifest is None or self.problems:
            raise PersonMustFix(
                "\n".join([f"{self.path} has mistakes:", *(f"  {problem}" for problem in self.problems)])
            )
        return self.manifest


def load(path: Path) -> Manifest:
    return examine(path).checked()


def examine(path: Path) -> Examined:
    """Reads a manifest file and says everything that is wrong with it, in the order of its lines."""
    text = path.read_text("utf-8")
    marked = read_marked(text)
    if marked.data is None:
        return Examined(path, None, marked, marked.problems or [Problem(1, "", "the file is empty")])
    manifest, problems = _read(marked)
    if manifest:
        problems += [marked.problem(place, message) for place, message in broken_rules(manifest)]
        problems += _identity_problems(text, manifest, marked)
    return Examined(path, manifest, marked, sorted({*marked.problems, *problems}))


def _read(marked: Marked) -> tuple[Manifest | None, list[Problem]]:
    """The manifest and its problems; what is wrong is left out then, so that the rules can judge the rest."""
    try:
        return Manifest.model_validate(marked.data), []
    except ValidationError as error:
        wrong = {marked.known(each["loc"]) for each in error.errors() if each["type"] != "missing"}
        try:
            rest = Manifest.model_validate(_without(marked.data, (), wrong - {()}))
        except ValidationError:
            rest = None
        return rest, _problems(error, marked)


def _without(data: object, place: Place, wrong: set[Place]) -> object:
    if isinstance(data, dict):
        members: dict[str | int, object] = data
        return {
            key: _without(value, (*place, key), wrong) for key, value in members.items() if (*place, key) not in wrong
        }
    if isinstance(data, list):
        elements: list[object] = data
        return [
            _without(value, (*place, index), wrong)
            for index, value in enumerate(elements)
            if (*place, index) not in wrong
        ]
    return data


def _problems(error: ValidationError, marked: Marked) -> list[Problem]:
    """What pydantic found, at its lines; where a value may be one of several things, what each of them misses."""
    found = sorted(
        marked.problem(each["loc"] if each["type"] == "missing" else marked.known(each["loc"]), _sentence(each))
        for each in error.errors(include_url=False)
    )
    return [
        Problem(line, where, " or ".join(dict.fromkeys(problem.message for problem in alike)))
        for (line, where), alike in groupby(found, key=lambda problem: (problem.line, problem.where))
    ]


def _sentence(error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "no such key in the manifest language"
        case "missing":
            return "this key is missing"
        case "model_type" | "dict_type":
            return "keys and values belong here"
        case "value_error":
            return str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
        case _:
            return f"{error['msg'][0].lower()}{error['msg'][1:]}"


def _identity_problems(text: str, manifest: Manifest, marked: Marked) -> list[Problem]:
    """The quick reader must find what the model found."""
    quick = identity_of(text)
    written = {key for key in IDENTITY if key in manifest.model_fields_set}
    return [
        marked.problem((key,), "stands in the first lines of the file, `key: value` on one line, before any other")
        for key in IDENTITY
        if (key in written) != (key in quick) or (key in quick and not _same(quick[key], getattr(manifest, key)))
    ]


def _same(quick: str, value: object) -> bool:
    return quick == (f"[{', '.join(value)}]" if isinstance(value, list) else value)
