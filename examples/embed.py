"""The hub inside a program of your own: import an archive, look at what came in, import it again.

Run it with `.venv/bin/python examples/embed.py`; it keeps its hub in a folder that is removed at the end.
"""

import asyncio
import tempfile
from pathlib import Path

from entrepot import AsyncHub, Hub
from entrepot.core.life import Play

ARCHIVES = Path(__file__).parent / "archives"


def without_await(folder: Path) -> None:
    with Hub(folder) as hub:
        for report in hub.import_files(ARCHIVES / "my_spotify_data.zip", ARCHIVES / "statement.ofx"):
            print(f"{report.connector}: {report.counts.created} created, {report.counts.refused} refused")
        listened: dict[str, float] = {}
        for item in hub.items(kind="play"):
            play = item.value
            if isinstance(play, Play) and play.artist:
                listened[play.artist] = listened.get(play.artist, 0) + (play.seconds or 0)
        for artist, seconds in sorted(listened.items(), key=lambda pair: -pair[1])[:3]:
            print(f"{artist}: {seconds / 60:.0f} minutes")


async def with_await(folder: Path) -> None:
    async with AsyncHub(folder) as hub:
        [report] = await hub.import_files(ARCHIVES / "my_spotify_data.zip")
        print(f"again: {report.counts.created} created, {report.counts.unchanged} unchanged")
        kinds = {amount.kind: amount.items for amount in await hub.counts()}
        print(", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items())))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        without_await(Path(folder) / "hub")
        asyncio.run(with_await(Path(folder) / "hub"))


if __name__ == "__main__":
    main()
