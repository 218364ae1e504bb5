"""Whether the `fields` of a stream are lenses, and lead to fields that its kind has."""

from collections.abc import Iterator

import msgspec

from entrepot.core.kinds import KINDS
from entrepot.core.lens_spec import SpecError, build
from entrepot.core.mapping import FieldLens, Mapping
from entrepot.core.path import steps
from entrepot.sdk.manifest_lines import Place
from entrepot.sdk.manifest_streams import StreamSpec


def broken_fields(name: str, stream: StreamSpec) -> Iterator[tuple[Place, str]]:
    known = {field.encode_name for field in msgspec.structs.fields(KINDS[stream.kind])}
    required = {field.encode_name for field in msgspec.structs.fields(KINDS[stream.kind]) if field.required}
    filled = set(stream.given)
    for target, line in stream.fields.items():
        place: Place = ("streams", name, "fields", target)
        try:
            lens = build(target, line, markdown=to_markdown)
        except SpecError as why:
            yield place, str(why).removeprefix(f"{target}: ")
            continue
        filled |= {steps(each)[0] for each in lens.targets}
        if steps(target)[0] not in known:
            yield place, f"a {stream.kind} has no such field; there are {', '.join(sorted(known))}"
    for target in stream.given.keys() - known:
        yield ("streams", name, "given", target), f"a {stream.kind} has no such field"
    if missing := sorted(required - filled):
        yield ("streams", name, "fields"), f"a {stream.kind} cannot be without {', '.join(missing)}"


def mapping_of(stream: StreamSpec) -> Mapping:
    """The compiled fields of a stream that has no broken ones."""
    lenses: list[FieldLens] = [build(target, line, markdown=to_markdown) for target, line in stream.fields.items()]
    return Mapping(lenses, kind=KINDS[stream.kind], extra=stream.extra)


def told_fields(spec: StreamSpec) -> frozenset[str] | None:
    """The fields (as the kind's struct has them) that records of the stream say anything about; None: nobody knows.

    What a stream does not tell is not empty there, and must not be taken for a deletion.
    """
    if not spec.fields:
        return None
    targets = {
        target for field, line in spec.fields.items() for target in build(field, line, markdown=to_markdown).targets
    }
    told = {steps(target)[0] for target in targets} | spec.given.keys() | ({"extra"} if spec.extra else set[str]())
    return frozenset(field.name for field in msgspec.structs.fields(KINDS[spec.kind]) if field.encode_name in told)


def to_markdown(html: str) -> str:
    """What `as: markdown` turns HTML with."""
    from markdownify import markdownify  # noqa: PLC0415 -- an HTML parser, loaded where a field holds HTML

    return markdownify(html)


def to_html(markdown: str) -> str:
    """The way back: what Markdown says as HTML. Lines stay lines, and HTML in the text stays text."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 -- a Markdown parser, loaded where a field is written as HTML

    return MarkdownIt("commonmark", {"html": False, "breaks": True}).render(markdown)
