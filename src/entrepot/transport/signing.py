"""What a request needs so that a service knows whose it is. The schemes live above, in `auth`."""

from typing import Protocol

from entrepot.transport.message import Request, Response


class Signer(Protocol):
    """`sign` is given the request with its final absolute address and no parameters left in `params`.

    What it adds that nobody may see goes in as `Secret`: the client reveals it last and removes it from every text.
    """

    async def sign(self, request: Request) -> Request: ...

    async def rejected(self, request: Request, response: Response) -> bool:
        """The service answered 401 to this signed request. True: something was renewed, try once more."""
        ...
