"""Three-way merge of dictionaries, key by key and as deep as they go; of lists of parts too, where a part has a key."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core.fields import Value, identity, is_same
from entrepot.core.merge import Clash, Merged, Side, merge_scalar
from entrepot.core.merge_list import merge_list


def merge_map(base: Mapping[str, Value], hub: Mapping[str, Value], remote: Mapping[str, Value], prefer: Side) -> Merged:
    """A key taken away on one side and changed on the other is a clash; a list inside is one value."""
    value: dict[str, Value] = {}
    clashes: list[Clash] = []
    for key in dict.fromkeys((*hub, *remote)):
        before, here, there = (side.get(key, msgspec.UNSET) for side in (base, hub, remote))
        merged = _merge_entry(before, here, there, prefer)
        if merged.value is not msgspec.UNSET:
            value[key] = merged.value
        clashes += (clash.below(str(key)) for clash in merged.clashes)
    return Merged(value, tuple(clashes))


def merge_parts(base: Sequence[Value], hub: Sequence[Value], remote: Sequence[Value], prefer: Side, key: str) -> Merged:
    """Parts told apart by one of their attributes, each merged attribute by attribute; where that fails, as a list."""
    old, here, there = (by_key(side, key) for side in (base, hub, remote))
    if old is None or here is None or there is None:
        return merge_list(base, hub, remote, prefer)
    merged = merge_map(_attributes(old), _attributes(here), _attributes(there), prefer)
    known = {**old, **there, **here}
    value = [type(known[name])(**attributes) for name, attributes in merged.value.items()]
    return Merged(value, merged.clashes)


def by_key(parts: Sequence[Value], key: str) -> dict[str, Value] | None:
    """None where a part has no key or two have the same."""
    keys = [getattr(part, key) for part in parts]
    if None in keys or len(set(keys)) < len(keys):
        return None
    return dict(zip(keys, parts, strict=True))


def is_same_parts(one: Sequence[Value], other: Sequence[Value]) -> bool:
    """Their order says nothing."""
    return is_same(one, other) or sorted(map(_sortable, one)) == sorted(map(_sortable, other))


def _merge_entry(base: Value, hub: Value, remote: Value, prefer: Side) -> Merged:
    if isinstance(hub, Mapping) and isinstance(remote, Mapping):
        return merge_map(base if isinstance(base, Mapping) else {}, hub, remote, prefer)
    return merge_scalar(base, hub, remote, prefer)


def _attributes(parts: Mapping[str, Value]) -> dict[str, dict[str, Value]]:
    return {key: {name: getattr(part, name) for name in part.__struct_fields__} for key, part in parts.items()}


def _sortable(part: Value) -> bytes:
    found = identity(part)
    return found.encode() if isinstance(found, str) else found
