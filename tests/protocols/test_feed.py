from datetime import UTC, datetime

import pytest
from aiohttp import web

from entrepot.core.errors import PersonMustFix, ServiceChanged
from entrepot.protocols.feed import Validators, fetch_feed, parse_feed
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment before all -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
 <channel>
  <atom:link href="https://blog.example.org/feed.xml" rel="self"/>
  <title>Küchenblog</title><link>https://blog.example.org/</link><language>de</language>
  <item>
   <title>Brot &amp; Butter</title>
   <link>/brot</link>
   <guid isPermaLink="false">tag:1</guid>
   <pubDate>Tue, 03 Mar 2026 10:00:00 +0100</pubDate>
   <dc:creator>Autorin</dc:creator>
   <category>Backen</category><category/>
   <description>kurz</description>
   <content:encoded><![CDATA[<p>lang&nbsp;und <b>fett</b></p>]]></content:encoded>
   <enclosure url="/brot.mp3" type="audio/mpeg" length="1"/>
   <media:content url="https://cdn.example.org/brot.jpg"/>
  </item>
  <item><description>Ohne Titel</description><guid>https://blog.example.org/2</guid><pubDate>30 Feb 2026</pubDate></item>
  <item><category>nichts</category></item>
 </channel>
</rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://a.example.org/blog/">
 <title>Notes</title><link href="https://a.example.org/"/><author><name>Writer</name></author>
 <entry>
  <id>urn:uuid:1</id><title type="html">One &lt;i&gt;thing&lt;/i&gt;</title>
  <link rel="alternate" href="one"/><link rel="enclosure" href="one.pdf"/>
  <published>2026-01-02T03:04:05+02:00</published><updated>2026-01-03T00:00:00Z</updated>
  <category term="t" label="Tag"/>
  <summary>short</summary>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <b>you</b></p></div></content>
 </entry>
 <entry><id>urn:uuid:2</id><title>Two</title><updated>yesterday</updated><author><name>Guest</name></author></entry>
</feed>"""

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example.org/",
 "authors": [{"name": "Jay"}], "language": "en",
 "items": [
  {"id": 7, "url": "https://j.example.org/7", "title": "Seven", "content_html": "<p>7</p>", "tags": ["a"],
   "date_published": "2026-05-06T07:08:09+02:00", "attachments": [{"url": "7.mp3", "mime_type": "audio/mpeg"}]},
  {"id": "8", "content_text": "eight", "date_modified": "30 February"},
  {"id": "9"},
  {"id": "10", "tags": "no list", "content_text": "x"}
 ]}"""


def test_rss_is_read():
    feed = parse_feed(RSS.encode(), "https://blog.example.org/feed.xml")
    first, second = feed.entries
    assert (feed.title, feed.url) == ("Küchenblog", "https://blog.example.org/")
    assert (first.id, first.post.type, first.post.name) == ("tag:1", "Article", "Brot & Butter")
    assert first.post.content == "<p>lang&nbsp;und <b>fett</b></p>"
    assert first.post.summary == "kurz"
    assert first.post.url == "https://blog.example.org/brot"
    assert first.post.published == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert first.post.attributed_to == "Autorin"
    assert first.post.tags == ["Backen"]
    assert first.post.attachments == ["https://blog.example.org/brot.mp3", "https://cdn.example.org/brot.jpg"]
    assert first.post.language == "de"
    assert first.native.startswith(b"<item")
    assert (second.post.type, second.post.content, second.post.url) == (
        "Note",
        "Ohne Titel",
        "https://blog.example.org/2",
    )


def test_a_date_that_cannot_be_stays_as_it_was_written():
    second = parse_feed(RSS.encode()).entries[1]
    assert second.post.published is None
    assert second.post.extra == {"pubDate": "30 Feb 2026"}


def test_an_entry_without_anything_is_set_aside():
    assert [row.where for row in parse_feed(RSS.encode()).bad] == ["entry 3"]


def test_atom_is_read():
    feed = parse_feed(ATOM.encode(), "https://elsewhere.example.org/")
    first, second = feed.entries
    assert (feed.title, feed.url) == ("Notes", "https://a.example.org/")
    assert (first.id, first.post.name) == ("urn:uuid:1", "One <i>thing</i>")
    assert first.post.url == "https://a.example.org/blog/one"
    assert first.post.attachments == ["https://a.example.org/blog/one.pdf"]
    assert "<b>you</b>" in first.post.content.replace(' xmlns="http://www.w3.org/1999/xhtml"', "")
    assert not first.post.content.startswith("<div")
    assert first.post.summary == "short"
    assert first.post.published == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert (first.post.attributed_to, second.post.attributed_to) == ("Writer", "Guest")
    assert (first.post.tags, first.post.language) == (["Tag"], "en")
    assert second.post.extra == {"updated": "yesterday"}


def test_a_json_feed_is_read():
    feed = parse_feed(b"\xef\xbb\xbf" + JSON.encode(), "https://j.example.org/feed/")
    first, second = feed.entries
    assert (first.id, first.post.name, first.post.attributed_to) == ("7", "Seven", "Jay")
    assert first.post.attachments == ["https://j.example.org/feed/7.mp3"]
    assert first.post.published == datetime(2026, 5, 6, 5, 8, 9, tzinfo=UTC)
    assert (second.id, second.post.content, second.post.extra) == ("8", "eight", {"date_modified": "30 February"})
    assert [row.where for row in feed.bad] == ["item 3", "item 4"]


def test_rss_1_is_read():
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title><link>https://o.example.org</link></channel>
      <item><title>x</title><link>https://o.example.org/x</link><dc:date>2026-01-01T00:00Z</dc:date></item></rdf:RDF>"""
    feed = parse_feed(rdf.encode())
    assert [entry.id for entry in feed.entries] == ["https://o.example.org/x"]
    assert feed.entries[0].post.published == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_same_entry_has_the_same_id_each_time():
    body = b"<rss><channel><item><description>only this</description></item></channel></rss>"
    assert parse_feed(body).entries[0].id == parse_feed(body).entries[0].id


def test_undeclared_html_entities_do_not_stop_it():
    body = b"<rss><channel><title>a&nbsp;b &amp; &eacute;</title></channel></rss>"
    assert parse_feed(body).title == "a\xa0b & é"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_every_encoding_the_file_declares_is_read(encoding):
    name = "iso-8859-1" if encoding == "iso-8859-1" else encoding.removesuffix("-sig")
    body = f'<?xml version="1.0" encoding="{name}"?><rss><channel><title>Käse</title></channel></rss>'
    assert parse_feed(body.encode(encoding)).title == "Käse"


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "body",
    [
        f'<!DOCTYPE rss [<!ENTITY a0 "ha">{BOMB}]><rss><channel><title>&a11;</title></channel></rss>',
        f'<!DOCTYPE rss [<!ENTITY a0 "ha">{BOMB}]><rss><channel><item><enclosure url="&a11;"/></item></channel></rss>',
        '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]><rss><channel><title>&f;</title></channel></rss>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><rss><channel/></rss>',
        "<rss><channel><item>",
        "<html><body>Sign in</body></html>",
        "<rss/>",
        "",
        "no feed at all",
        '{"items": [{"id": "1"',
        '{"version": "x"}',
        "<a>" * 300 + "</a>" * 300,
    ],
)
def test_what_is_no_feed_or_an_attack_is_refused(body):
    with pytest.raises(ServiceChanged):
        parse_feed(body.encode())


async def test_an_unchanged_feed_is_not_sent_again():
    asked = []

    async def handler(request):
        asked.append(dict(request.headers))
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.Response(text=RSS, headers={"ETag": '"v1"', "Last-Modified": "Tue, 03 Mar 2026 09:00:00 GMT"})

    async def gone(_):
        return web.Response(status=410)

    app = web.Application()
    app.router.add_get("/feed", handler)
    app.router.add_get("/gone", gone)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with Client(egress=Egress(given=[base], allow_private=True)) as client:
        fetched = await fetch_feed(client, f"{base}/feed")
        assert fetched is not None
        assert fetched.validators == Validators('"v1"', "Tue, 03 Mar 2026 09:00:00 GMT")
        assert await fetch_feed(client, f"{base}/feed", fetched.validators) is None
        with pytest.raises(PersonMustFix):
            await fetch_feed(client, f"{base}/gone")
    await runner.cleanup()
    assert asked[1]["If-Modified-Since"] == "Tue, 03 Mar 2026 09:00:00 GMT"
