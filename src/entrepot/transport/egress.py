"""Where requests may go: the hosts a manifest lists and the addresses a person gave, looked at again after DNS."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yarl import URL

from entrepot.core.errors import PersonMustFix

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to numeric addresses; raises OSError where there are none."""

_PORTS = {"https": 443, "http": 80}
_LINK_LOCAL = (
    ip_network("169.254.0.0/16"),
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::/32"),  # instance metadata at Amazon
    ip_network("100.100.100.200/32"),  # at Alibaba
    ip_network("168.63.129.16/32"),  # at Azure, a public address by its number
)
_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_IPV6 = ip_network("2000::/3")
"""All of IPv6 that is given out. Python calls more than this global: site-local, translated and mapped addresses."""


async def resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


class Egress:
    """`hosts` are names or `*.example.org` (any depth below it), reached by https only.

    `given` are addresses the person typed: exactly that scheme, host and port, or the same host by https. They may
    lie in a private network only with `allow_private`; link-local and metadata addresses only if typed as numbers.
    """

    def __init__(
        self,
        hosts: Sequence[str] = (),
        given: Sequence[str] = (),
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve,
    ) -> None:
        self._exact = frozenset(host.lower() for host in hosts if not host.startswith("*."))
        self._below = tuple(host[1:].lower() for host in hosts if host.startswith("*."))
        self._given = frozenset(_origin(_parse(url)) for url in given)
        self._given_hosts = frozenset(host for _, host, _ in self._given)
        self._allow_private = allow_private
        self._checked: set[tuple[str, str, int]] = set()
        self.resolve = resolve

    def check(self, url: URL) -> None:
        """PersonMustFix unless this address may be asked. What its name stands for is checked when connecting."""
        if url.user is not None or url.password is not None:
            raise PersonMustFix("An address may not carry a name or password; they have fields of their own.")
        origin = _origin(url)
        if origin in self._checked:
            return
        scheme, host, port = origin
        if not self._is_listed(scheme, host, port):
            raise PersonMustFix(f"{scheme}://{host}:{port} is not among the addresses this integration may reach.")
        address = _numeric(host)
        if address is not None:
            self._check_address(host, address)
        elif _ends_in_a_number(host):
            raise PersonMustFix(f"{host} is no name and no address; write an address with four decimal numbers.")
        if len(self._checked) < 1000:
            self._checked.add(origin)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """What the name stands for now. One forbidden address among them and none is used."""
        found = await self.resolve(host, port)
        for text in found:
            self._check_address(_bare(host), ip_address(text))
        return found

    def _is_listed(self, scheme: str, host: str, port: int) -> bool:
        if (scheme, host, port) in self._given:
            return True
        if scheme != "https" or port != 443:
            return False
        return host in self._given_hosts or host in self._exact or host.endswith(self._below)

    def _check_address(self, host: str, address: Address) -> None:
        if all(_is_public(each) for each in _embedded(address)):
            return
        typed = host in self._given_hosts
        if typed and self._allow_private:
            if _numeric(host) is not None or all(_is_private(each) for each in _embedded(address)):
                return
            raise PersonMustFix(f"{host} stands for {address}, where no service lives; it is not asked.")
        advice = " Allow private addresses for it if this is meant." if typed else ""
        raise PersonMustFix(f"{host} leads into a private network ({address}), which is not allowed.{advice}")


def _parse(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        raise PersonMustFix("The address given cannot be read; write it like https://host.example/path.") from None
    if url.user is not None or url.password is not None:
        raise PersonMustFix("An address may not carry a name or password; they have fields of their own.")
    return url


def _origin(url: URL) -> tuple[str, str, int]:
    host = url.raw_host
    if url.scheme not in _PORTS or not host:
        raise PersonMustFix("An address must begin with https:// (or http://) and name a host.")
    return url.scheme, _bare(host), url.port or _PORTS[url.scheme]


def _bare(host: str) -> str:
    return host.lower().rstrip(".")


def _numeric(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _ends_in_a_number(host: str) -> bool:
    """As 127.1, 2130706433 or 0x7f000001, which some resolvers take for an address and others for a name."""
    last = host.rpartition(".")[2]
    return last.isdecimal() or (last[:2] == "0x" and all(sign in "0123456789abcdef" for sign in last[2:]))


def _embedded(address: Address) -> tuple[Address, ...]:
    """The address and, where IPv6 wraps an IPv4 one, that too."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    inner = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *(each for each in inner if each is not None))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6 and address not in _NAT64:
        return False
    return address.is_global and not address.is_multicast and not any(address in net for net in _LINK_LOCAL)


def _is_private(address: Address) -> bool:
    """A home or office network, or this machine: what a person may mean."""
    refused = address.is_multicast or address.is_unspecified or any(address in net for net in _LINK_LOCAL)
    return not refused
