"""Rules about going wrong: every failure becomes one of the seven errors, and no secret shows in any of it."""

import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from entrepot.checks.fixtures import FOLDER, exports, read_export, replay
from entrepot.checks.replay import PLANTED, Answer, Files, Lines, Replay, run
from entrepot.checks.subject import NOT_CHECKED, Subject
from entrepot.core.errors import EntrepotError
from entrepot.sdk.manifest import Manifest

_STATUSES = (400, 401, 403, 404, 410, 429, 500, 503)
_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "not text": lambda data: data[:64] + bytes(range(128, 256)) + data[64:],
}
_MOST_FIXTURES = 4


def errors_are_mapped(subject: Subject) -> list[str]:
    """Services: each status, a web page, JSON cut in half; then one answer failing. Files: cut, emptied, garbled."""
    manifest = subject.manifest
    if manifest is None:
        return []
    return [
        *(_damaged(subject) if manifest.is_archive else ()),
        *([*_refused(subject, manifest), *_broken_off(subject, manifest)] if manifest.is_live else ()),
    ]


def secrets_stay_hidden(subject: Subject) -> list[str]:
    """A service that repeats the credential in its error; log lines, messages and tracebacks are searched for it."""
    manifest = subject.manifest
    if manifest is None or not manifest.is_live:
        return []
    problems: list[str] = []
    for status in (401, 500):
        log = Lines()
        said = _provoke(subject, manifest, _repeating(status), log)
        shown = "\n".join([*log.lines, said])
        if PLANTED in shown:
            at = shown.index(PLANTED)
            problems.append(f"a credential shows after status {status}: …{shown[max(0, at - 60) : at]}•••")
    return problems


def _refused(subject: Subject, manifest: Manifest) -> Iterator[str]:
    for what, answer in _failing():
        try:
            run(subject, manifest, _unanswered(subject), answer)
        except EntrepotError:
            continue
        except TimeoutError:
            yield f"{NOT_CHECKED}{what} took too long to be answered"
        except Exception as why:  # noqa: BLE001 -- whatever a connector lets through is the finding
            yield f"{what} becomes {type(why).__name__}: {why}"
        else:
            yield f"{what} goes unnoticed"


def _broken_off(subject: Subject, manifest: Manifest) -> Iterator[str]:
    """One answer after another fails while the others are good: what came before must not look whole."""
    expected = _expected(subject)
    for served in expected.answers:
        files = Files(subject.folder / FOLDER, expected.answers, failing=served)
        what = f"status 503 to {served.request}"
        try:
            outcome = run(subject, manifest, expected, files.answer)
        except EntrepotError:
            continue
        except Exception as why:  # noqa: BLE001 -- whatever a connector lets through is the finding
            yield f"{what} becomes {type(why).__name__}: {why}"
        else:
            if files.failed and len(outcome.refused) <= expected.refused:
                yield f"{what} goes unnoticed"


def _unanswered(subject: Subject) -> Replay:
    """The settings that the fixtures are read with: without them a connector may not get as far as asking."""
    return Replay(settings=_expected(subject).settings)


def _expected(subject: Subject) -> Replay:
    """Nothing where there are no fixtures yet, or none that can be read: the rule of the fixtures says so."""
    try:
        return replay(subject) or Replay()
    except ValueError:
        return Replay()


def _failing() -> Iterator[tuple[str, Answer]]:
    for status in _STATUSES:
        yield f"status {status}", _answering(status, '{"message": "no"}', "application/json")
    yield "a web page", _answering(200, "<!doctype html><title>Sign in</title>", "text/html")
    yield "JSON cut in half", _answering(200, '{"results": [{"id":', "application/json")


def _answering(status: int, text: str, kind: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type=kind)

    return answer


def _repeating(status: int) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        return web.json_response({"message": f"bad credential {given}", "url": str(request.url)}, status=status)

    return answer


def _provoke(subject: Subject, manifest: Manifest, answer: Answer, log: Lines) -> str:
    try:
        run(subject, manifest, _unanswered(subject), answer, log)
    except EntrepotError as why:
        return f"{why.message}\n{why.detail}\n{''.join(traceback.format_exception(why))}"
    except Exception as why:  # noqa: BLE001 -- its text is searched like any other; another rule names it
        return "".join(traceback.format_exception(why))
    return ""


def _damaged(subject: Subject) -> Iterator[str]:
    for name in list(exports(subject))[:_MOST_FIXTURES]:
        path = subject.folder / FOLDER / name
        if not path.exists():
            continue  # the rule of the fixtures says so
        for damage, change in _DAMAGES.items():
            with TemporaryDirectory() as folder:
                copy = _copied(path, Path(folder) / path.name, change)
                try:
                    read_export(subject, copy)
                except EntrepotError:
                    continue
                except Exception as why:  # noqa: BLE001 -- whatever an importer lets through is the finding
                    yield f"{name}, {damage}, becomes {type(why).__name__}: {why}"


def _copied(path: Path, to: Path, change: Callable[[bytes], bytes]) -> Path:
    if path.is_file():
        to.write_bytes(change(path.read_bytes()))
        return to
    shutil.copytree(path, to)
    for each in to.rglob("*"):
        if each.is_file():
            each.write_bytes(change(each.read_bytes()))
    return to
