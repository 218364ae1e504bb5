"""Items as files: JSON Lines as they are, CSV and Parquet with one column a field of the kind. Constant memory."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any, Literal, TextIO

import msgspec

from entrepot.app.views import Item
from entrepot.core.errors import PersonMustFix
from entrepot.core.kinds import KINDS

Format = Literal["jsonl", "csv", "parquet"]
ABOUT = ("id", "kind", "collection", "platform", "integration", "object_id", "imported_at", "updated_at", "deleted_at")
"""The columns every table begins with; the fields of the kind follow under their JSON names."""

_BATCH = 5_000
_ENCODER = msgspec.json.Encoder(decimal_format="string")


def write(items: Iterable[Item], format_: Format, kind: str, *, to: Path | None, stdout: TextIO) -> int:
    """How many items were written. A file appears whole or not at all; Parquet goes to no terminal."""
    if format_ == "parquet":
        if to is None:
            return _pass_on(items, kind, stdout)
        return _replace(to, lambda part: _write_parquet(items, kind, part))
    text = _write_lines if format_ == "jsonl" else _write_csv
    if to is None:
        return text(items, kind, stdout)
    return _replace(to, lambda part: _to_file(part, lambda file: text(items, kind, file)))


def _pass_on(items: Iterable[Item], kind: str, stdout: TextIO) -> int:
    """Parquet is written from both ends, so a pipe gets it when it is whole."""
    if stdout.isatty():
        raise PersonMustFix("Parquet is not text for a terminal: say where to write it with --to FILE.")
    with TemporaryDirectory(prefix="entrepot-") as folder:
        whole = Path(folder) / "items.parquet"
        count = _write_parquet(items, kind, whole)
        with whole.open("rb") as file:
            copyfileobj(file, stdout.buffer)
    return count


def _replace(to: Path, produce: Callable[[Path], int]) -> int:
    part = to.with_name(f".{to.name}.part")
    try:
        count = produce(part)
        part.replace(to)
    except OSError as problem:
        raise PersonMustFix(f"{to} cannot be written: {problem.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _to_file(part: Path, produce: Callable[[TextIO], int]) -> int:
    with part.open("w", encoding="utf-8", newline="") as file:
        return produce(file)


def _write_lines(items: Iterable[Item], _: str, file: TextIO) -> int:
    count = 0
    for batch in _batches(items):
        file.write(_ENCODER.encode_lines(batch).decode())
        count += len(batch)
    return count


def _write_csv(items: Iterable[Item], kind: str, file: TextIO) -> int:
    columns = _columns(kind)
    table = csv.writer(file, lineterminator="\n")
    table.writerow([*ABOUT, *columns])
    count = 0
    for batch in _batches(items):
        table.writerows([*_about(item), *_cells(item, columns)] for item in batch)
        count += len(batch)
    return count


def _write_parquet(items: Iterable[Item], kind: str, part: Path) -> int:
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an extra, and half a second to load
        import pyarrow.parquet as pq  # noqa: PLC0415 -- the same
    except ImportError:
        raise PersonMustFix("Parquet needs one more package: pip install 'entrepot[parquet]'") from None
    columns = [*ABOUT, *_columns(kind)]
    schema = pa.schema([(name, pa.string()) for name in columns])
    count = 0
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for batch in _batches(items):
            rows = [[*_about(item), *_cells(item, columns[len(ABOUT) :])] for item in batch]
            arrays = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(columns))]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def _columns(kind: str) -> Sequence[str]:
    if kind not in KINDS:
        raise PersonMustFix(f"There is no kind {kind!r}. Kinds are: {', '.join(sorted(KINDS))}.")
    return [field.encode_name for field in msgspec.structs.fields(KINDS[kind])]


def _about(item: Item) -> list[str | None]:
    times = (item.imported_at, item.updated_at, item.deleted_at)
    source = item.source
    head = (item.id, item.kind, item.collection, source.platform, source.integration, source.object_id)
    return [*head, *(time.isoformat() if time else None for time in times)]


def _cells(item: Item, columns: Sequence[str]) -> Iterator[str | None]:
    data: Mapping[str, Any] = msgspec.json.decode(item.data)
    for name in columns:
        value = data.get(name)
        yield value if value is None or isinstance(value, str) else _ENCODER.encode(value).decode()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
