import asyncio
from typing import Any

from entrepot.core.errors import TryLater
from entrepot.protocols.dav import Item
from entrepot.protocols.dav_together import Together


class Server:
    """Has whatever was put, and remembers what it was asked for at once."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.asked: list[list[str]] = []
        self.is_down = False

    async def fetch(self, _folder: str, paths: list[str]) -> tuple[list[Item], list[str]]:
        self.asked.append(list(paths))
        await asyncio.sleep(0)
        if self.is_down:
            raise TryLater("down")
        return [Item(path, "1", self.texts[path]) for path in paths if path in self.texts], []


def together(server: Any) -> Together:
    return Together(server)


async def written(server: Server, reading: Together, path: str, slow: int) -> Item | None:
    with reading.at_work():
        for _ in range(slow):
            await asyncio.sleep(0)
        server.texts[path] = path.encode()
        return await reading.one(path)


async def test_what_several_write_is_read_back_in_one_request_when_the_last_has_written():
    server = Server()
    reading = together(server)
    found = await asyncio.gather(*(written(server, reading, f"/c/{n}.ics", slow=n + 1) for n in range(6)))
    assert [item and item.data for item in found] == [f"/c/{n}.ics".encode() for n in range(6)]
    assert len(server.asked) == 1


async def test_each_calendar_is_asked_by_itself_and_one_who_fails_keeps_nobody_waiting():
    server = Server()
    reading = together(server)

    async def failed() -> None:
        with reading.at_work():
            await asyncio.sleep(0.01)
            raise RuntimeError("refused")

    outcomes = await asyncio.gather(
        written(server, reading, "/a/1.ics", 0), written(server, reading, "/b/1.ics", 1), failed(),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(each) for each in outcomes] == [Item, Item, RuntimeError]
    assert server.asked == [["/a/1.ics"], ["/b/1.ics"]]


async def test_who_asks_alone_is_answered_at_once_and_what_is_not_there_is_nothing():
    server = Server()
    reading = together(server)
    assert await reading.one("/c/none.ics") is None
    server.texts["/c/1.ics"] = b"x"
    assert await reading.one("/c/1.ics") == Item("/c/1.ics", "1", b"x")


async def test_a_server_that_is_down_is_told_to_everybody():
    server = Server()
    reading = together(server)
    server.is_down = True
    outcomes = await asyncio.gather(
        *(written(server, reading, f"/c/{n}.ics", slow=n) for n in range(3)), return_exceptions=True
    )
    assert [type(each) for each in outcomes] == [TryLater] * 3
    server.is_down = False
    assert await reading.one("/c/0.ics")
