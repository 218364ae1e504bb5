"""A start for a new connector: the folder with everything in it that the checks will ask for."""

import re
import shutil
from pathlib import Path

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import MANIFEST, Entry

_ID = re.compile(r"[a-z][a-z0-9_]*")
_CODE = ("*.py", "*.graphql")
"""What a manifest names."""

_START = """\
id: {id}
name: {name}
summary: What it brings in, in one line.
kinds: [task]
docs: https://example.org/api

auth: {{scheme: bearer, help: Where a person finds their token.}}

http:
  base_url: https://api.example.org
  budget: {{calls: 60, per: 1m}}
  paging: {{style: cursor, send: cursor, find: next_cursor, items: results, size: {{limit: 100}}}}

probe: {{request: GET /me, id: id, name: name}}

streams:
  tasks:
    kind: task
    read: GET /tasks
    id: id
    deletions: absence
    fields:
      title: title

contract:
  format: none
  unverified: [everything]
"""

_README = """\
# {name}

What a person has to do at the service before connecting, and what is not read.
"""

_EXPECTED = """\
# Which file of this folder answers which request, and what is read of them (docs/connectors.md, at the end):
# answers:
#   - {request: GET /me, file: me.json}
#   - {request: GET /tasks, file: tasks.json}
# account: "1"
# streams: {tasks: 2}
{}
"""

_ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" role="img" aria-label="{name}">\
<rect width="32" height="32" rx="6" fill="#3b5b7a"/><text x="16" y="22" font-family="sans-serif" font-size="18" \
font-weight="700" text-anchor="middle" fill="#fff">{letter}</text></svg>
"""


def scaffold(connector: str, into: Path, like: Entry | None = None) -> Path:
    """Writes the folder `into/connector` and returns it. It begins as a copy of `like`."""
    if not _ID.fullmatch(connector):
        raise PersonMustFix(
            f"{connector!r} is no id: write small letters, digits and _, a letter first, as in my_shop."
        )
    folder = into / connector
    if folder.exists():
        raise PersonMustFix(f"{folder} is already there.")
    name = connector.replace("_", " ").title()
    (folder / "fixtures").mkdir(parents=True)
    for file, text in {
        MANIFEST: _manifest(connector, name, like),
        "README.md": _README.format(name=name),
        "quality.yaml": "exempt: {}\n",
        "icon.svg": _ICON.format(name=name, letter=name[0]),
        "fixtures/expected.yaml": _EXPECTED,
    }.items():
        (folder / file).write_text(text, "utf-8")
    for code in (path for kind in _CODE for path in like.folder.glob(kind)) if like else ():
        shutil.copyfile(code, folder / code.name)
    return folder


def _manifest(connector: str, name: str, like: Entry | None) -> str:
    if like is None:
        return _START.format(id=connector, name=name)
    text = like.manifest.read_text("utf-8")
    for key, value in (("id", connector), ("name", name)):
        text = re.sub(rf"^{key}: .*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
    return text
