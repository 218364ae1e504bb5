"""What never reaches a log, an error or a fixture: every secret the client has met, and what looks like one."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from urllib.parse import quote, quote_plus, urlsplit

from entrepot.core.secret import SHOWN, Secret

SHORTEST = 5
"""A shorter value would blot out ordinary words; nobody's key is that short."""
KEPT = 256

_WORDS = "token|secret|passw|api[_-]?key|signature|credential|session|assertion|authorization|cookie"
_EXACT = "key|sig|auth|code|pass|pwd|sid|code_verifier"
_TELLING = re.compile(rf"(?i){_WORDS}|\A(?:{_EXACT})\Z")
# A name is taken whole and looked at afterwards: looked for inside the patterns, a long text would take for ever.
_IN_QUERY = re.compile(r"((?<![\w.\-])([\w.\-]++)=)[^&\s\"'<>#;]++")
_IN_JSON = re.compile(r"(\\?[\"']([\w.\-]++)\\?[\"']\s*+:\s*+\\?[\"'])(?:[^\"'\\]++|\\.)++")
_IN_HEADER = re.compile(r"(?m)(^([\w.\-]++)\s*+:\s*+).++$")
_SCHEME = re.compile(r"(?i)\b(bearer|basic|token|digest)\s+[\w.~+/=\-]{8,}")
_USER = re.compile(r"(//)[^/\s@\"']+@")


class Redactor:
    """Grows with every secret that passes; the oldest are forgotten after a few hundred."""

    def __init__(self) -> None:
        self._learned: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, secret: Secret) -> str:
        """The secret's value, which from now on is blotted out in every form it may come back in."""
        value = secret.reveal()
        if value in self._learned:
            return value
        for form in _forms(value):
            self._learned[form] = None
        self._learned[value] = None
        while len(self._learned) > KEPT:
            self._learned.pop(next(iter(self._learned)))
        self._pattern = None
        return value

    def clean(self, text: str) -> str:
        return clean(self._known().sub(SHOWN, text))

    def strip(self, url: str) -> str:
        """The address without the parameters whose value is a secret that was met before."""
        base, mark, query = url.partition("?")
        if not mark or self._known().search(query) is None:
            return url
        kept = "&".join(pair for pair in query.split("&") if self._known().search(pair) is None)
        return f"{base}?{kept}" if kept else base

    def _known(self) -> re.Pattern[str]:
        if self._pattern is None:
            known = sorted((value for value in self._learned if len(value) >= SHORTEST), key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, known)) or r"(?!)")
        return self._pattern


def clean(text: str) -> str:
    """The text without what looks like a secret: parameters, JSON members and headers with telling names."""
    text = _USER.sub(rf"\1{SHOWN}@", text)
    text = _SCHEME.sub(rf"\1 {SHOWN}", text)
    text = _IN_QUERY.sub(_hidden, text)
    text = _IN_JSON.sub(_hidden, text)
    return _IN_HEADER.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    return f"{found[1]}{SHOWN}" if _TELLING.search(found[2]) else found[0]


def place(url: str) -> str:
    """Host and path of an address, which is as much as an error may say of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def host(url: str) -> str:
    """The host alone, for texts about the connection."""
    return place(url).partition("/")[0]


def _forms(value: str) -> set[str]:
    words = {value, *(word for word in re.split(r"[\s,;=:&?\"']+", value) if len(word) > SHORTEST + 2)}
    decoded = {part for word in words for part in _decoded(word)}
    words |= decoded
    return {form for word in words for form in (word, quote(word, safe=""), quote_plus(word), _escaped(word))}


def _decoded(word: str) -> tuple[str, ...]:
    """The password inside a Basic credential: a service may echo it on its own."""
    try:
        padded = word + "=" * (-len(word) % 4)  # the padding was taken for the sign between a name and its value
        user, colon, password = b64decode(padded, validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        return ()
    return (f"{user}:{password}", password) if colon and password.isprintable() else ()


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")
