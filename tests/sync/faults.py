"""What goes wrong at a service, and when: for the `fault` of a made-up one."""

from collections.abc import Callable

from entrepot.core.errors import TryLater


class Killed(BaseException):
    """The process was killed: nothing of it goes on."""


class Down(TryLater):
    """The connection broke, or the service was busy."""


def killing(what: str, nth: int = 1) -> Callable[[str], None]:
    """The nth time that this is done the process dies, and does nothing more."""
    left = [nth]

    def fault(done: str) -> None:
        left[0] -= done == what
        if left[0] <= 0:
            raise Killed

    return fault


def failing(what: str, error: type[Exception] = Down, nth: int = 1, times: int = 1) -> Callable[[str], None]:
    """From the nth time on this fails, so many times."""
    met = [0]

    def fault(done: str) -> None:
        met[0] += done == what
        if done == what and nth <= met[0] < nth + times:
            raise error(f"{what} failed")

    return fault


def doing(what: str, act: Callable[[], object], nth: int = 1) -> Callable[[str], None]:
    """Somebody does something just then."""
    left = [nth]

    def fault(done: str) -> None:
        left[0] -= done == what
        if left[0] == 0 and done == what:
            act()

    return fault


def no_fault(_: str) -> None:
    pass
