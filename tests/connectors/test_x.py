import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from entrepot.connectors.x.importer import XArchive
from entrepot.connectors.x.wording import instant_of
from entrepot.core.change import BadRow, Change
from entrepot.core.people import Message, Post
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Account, Match, Options

FIXTURE = Path(__file__).parents[2] / "src/entrepot/connectors/x/fixtures/archive"


def read(path: Path) -> tuple[list[Change], list[BadRow]]:
    with open_archive(path) as archive:
        found = list(XArchive().read(archive, Options()))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, BadRow)]


def posts(path: Path = FIXTURE, stream: str = "posts") -> dict[str, Post]:
    changes = (change for change in read(path)[0] if change.stream == stream)
    return {change.ref.id: change.data for change in changes if isinstance(change.data, Post)}


def messages(path: Path = FIXTURE) -> dict[str, Message]:
    return {change.ref.id: change.data for change in read(path)[0] if isinstance(change.data, Message)}


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return XArchive().recognise(archive)


def written(tmp_path: Path, kind: str, rows: list[object]) -> Path:
    (tmp_path / f"{kind}.js").write_text(f"window.YTD.{kind}.part0 = {json.dumps(rows)};")
    return tmp_path


def test_a_post_is_unescaped_with_its_true_links_and_its_picture() -> None:
    (change,) = (change for change in read(FIXTURE)[0] if change.ref.id == "2001")
    (picture,) = change.files
    assert change.data == Post(
        content="Käse & Brot <3 https://example.org/seite",
        attributed_to="example_me",
        published=datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC),
        url="https://x.com/example_me/status/2001",
        tags=["brot"],
        attachments=[picture.sha256],
        language="de",
        likes=3,
        shares=1,
        extra={"source": "Test App"},
    )
    assert (picture.name, picture.media_type, picture.size) == ("2001-probe.png", "image/png", 69)
    with picture.open() as stream:
        assert stream.read(4) == b"\x89PNG"
    assert json.loads(change.native)["id_str"] == "2001"


def test_retweets_replies_and_posts_without_a_wrapper() -> None:
    found = posts()
    assert (found["2002"].type, found["2002"].object) == ("Announce", "https://x.com/someone_else")
    assert found["2003"].in_reply_to == "https://x.com/someone_else/status/1999"
    assert found["2006"].content == "ohne Hülle"


def test_a_long_post_gets_its_whole_text_and_one_that_belongs_to_none_stands_alone() -> None:
    found = posts()
    assert found["2004"].content.endswith("aber nicht hier & nicht jetzt")
    assert found["note-3002"].content == "Gehört zu nichts"
    assert "note-3001" not in found


def test_a_time_is_english_in_every_language() -> None:
    assert instant_of("Wed Mar 10 20:19:24 -0330 2018").isoformat() == "2018-03-10T20:19:24-03:30"
    for wrong in ("Mi Mär 10 20:19:24 +0000 2018", "Wed Okt 10 20:19:24 +0000 2018", "Wed Feb 30 20:19:24 +0000 2018"):
        with pytest.raises(ValueError, match=r"time as X writes it|day is out of range"):
            instant_of(wrong)


def test_a_day_that_cannot_be_is_set_aside() -> None:
    assert [(row.stream, row.where) for row in read(FIXTURE)[1]] == [("posts", "data/tweets.js, record 5")]


def test_likes_tell_no_time() -> None:
    likes = posts(stream="likes")
    assert (likes["4001"].type, likes["4001"].content, likes["4001"].published) == ("Like", "Gut & schön", None)
    assert likes["4002"].object == "https://x.com/i/status/4002"


def test_deleted_posts_say_when() -> None:
    (deleted,) = posts(stream="deleted_posts").values()
    assert deleted.is_deleted
    assert deleted.extra["deletedAt"] == "2018-10-11T20:19:24+00:00"


def test_direct_messages_know_their_direction() -> None:
    found = messages()
    assert found["5001"] == Message(
        message_id="5001",
        thread="1000-1001",
        sender="example_me",
        to=["1001"],
        date=datetime(2020, 5, 6, 7, 8, 9, 123000, tzinfo=UTC),
        text="hier: https://example.org/dm",
        direction="out",
        channel="x",
    )
    assert (found["5002"].direction, found["5002"].text) == ("in", "danke <3")
    assert (found["5003"].thread, found["5003"].to) == ("6000", [])


def test_one_broken_message_does_not_take_its_conversation_along(tmp_path: Path) -> None:
    good = {"messageCreate": {"id": "1", "createdAt": "2020-05-06T07:08:09.123Z", "text": "a"}}
    bad = {"messageCreate": {"id": "2", "createdAt": "some day"}}
    rows: list[object] = [{"dmConversation": {"conversationId": "c", "messages": [bad, good]}}, {"dmConversation": 1}]
    changes, refused = read(written(tmp_path, "direct_messages", rows))
    assert [change.ref.id for change in changes] == ["1"]
    assert [row.where for row in refused] == ["conversation c, message 1", "direct_messages.js, record 2"]


def test_an_archive_of_other_files_is_not_recognised(tmp_path: Path) -> None:
    assert recognise(written(tmp_path, "ad_impressions", [])) is None
    assert recognise(written(tmp_path, "tweet", [])) == Match(1.0, None, ["tweet"])


def test_the_account_comes_from_the_archive(shared: Path) -> None:
    folder = shared / "samples/x-twitter"
    assert recognise(folder / "archive") == Match(1.0, Account("12497", "simonw"), ["tweets"])
    assert recognise(folder / "archive-2026") == Match(1.0, Account("1234567890", "ada_example"), ["tweets"])


def test_the_samples(shared: Path) -> None:
    folder = shared / "samples/x-twitter"
    for name in ("archive", "archive-2026"):
        changes, bad = read(folder / name)
        assert Counter(change.stream for change in changes) == {"posts": 3}
        assert bad == []
    older = posts(folder / "archive")
    assert older["3333333333333333333"].content.endswith("New essay: https://guzey.com/why-blog/")
    assert older["5555555555555555555"].in_reply_to == "https://x.com/me_myself/status/4444444444444444444"
    assert (older["4444444444444444444"].likes, older["4444444444444444444"].shares) == (12, 3)
    newer = posts(folder / "archive-2026")
    assert newer["1990000000000000001"].content == "Tom & Jerry <3 https://example.org/x"
    assert newer["1990000000000000002"].content == "RT @someone: hello world 🌍"
