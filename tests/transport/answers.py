"""What a made-up service answers, one after another."""

import msgspec
from aiohttp import web


class Task(msgspec.Struct):
    id: int
    title: str


def answering(*answers):
    """Gives one answer after another, the last again and again; `seen` holds the requests."""
    seen = []

    async def handler(request):
        seen.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        answer = answers[min(len(seen), len(answers)) - 1]
        return answer() if callable(answer) else answer

    return handler, seen


def text(status=200, body="{}", content_type="application/json", **headers):
    return lambda: web.Response(
        status=status,
        text=body,
        content_type=content_type,
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )
