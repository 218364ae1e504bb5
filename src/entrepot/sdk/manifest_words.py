"""The `:words` a manifest may use in its requests, and where it uses others."""

from collections.abc import Iterator

from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_lines import Place
from entrepot.sdk.manifest_terms import words_in

Rule = tuple[Place, str]
"""Where a rule does not hold, and what it is."""

ACCOUNT = "account"


def collection_words(manifest: Manifest, name: str | None) -> frozenset[str]:
    """The words a collection of this name brings: itself, and the parts of its id."""
    found = manifest.collections.get(name) if name else None
    if found is None:
        return frozenset()
    return frozenset({"collection", *(found.id if isinstance(found.id, dict) else ())})


def broken_words(manifest: Manifest, text: str, place: Place, words: frozenset[str]) -> Iterator[Rule]:
    known = words | {ACCOUNT} | frozenset(manifest.settings)
    for word in words_in(text.partition("://")[2] or text):
        if word not in known:
            yield place, f":{word} is not a word here; there are {', '.join(f':{each}' for each in sorted(known))}"


def broken_request(
    manifest: Manifest, call: str, parts: tuple[object, ...], place: Place, words: frozenset[str]
) -> Iterator[Rule]:
    """The same of a whole request; the words of its parts are whole texts."""
    for text in (call, *(text for part in parts for text in _texts_in(part))):
        yield from broken_words(manifest, text, place, words)


def _texts_in(value: object) -> Iterator[str]:
    match value:
        case str() if value.startswith(":"):
            yield value
        case list():
            for child in value:
                yield from _texts_in(child)
        case dict():
            for child in value.values():
                yield from _texts_in(child)
        case _:
            pass
