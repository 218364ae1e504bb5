"""How to reach a contact: mail, telephone, address, and accounts at online services."""

from collections.abc import Sequence
from typing import Any

from entrepot.core.people import Address, Contact, EmailAddress, OnlineService, Phone
from entrepot.protocols.content_line import Line, escaped, unescaped
from entrepot.protocols.vcard_field import (
    Bundle,
    Card,
    Field,
    contexts_of,
    features_of,
    labelled,
    parameters_of,
    preference_of,
)
from entrepot.protocols.vcard_fields import made
from entrepot.protocols.vcard_line import parts_of, types_of

_MESSENGERS = {
    "X-AIM": "aim",
    "X-GADUGADU": "gadugadu",
    "X-GOOGLE-TALK": "gtalk",
    "X-ICQ": "icq",
    "X-JABBER": "xmpp",
    "X-MSN": "msn",
    "X-QQ": "qq",
    "X-SKYPE": "skype",
    "X-SKYPE-USERNAME": "skype",
    "X-YAHOO": "yahoo",
}
_SOCIAL = ("SOCIALPROFILE", "X-SOCIALPROFILE")


def _read_emails(card: Card, into: dict[str, Any]) -> None:
    found = [
        EmailAddress(address, contexts_of(line), preference_of(line), card.label(line))
        for line in card.all("EMAIL")
        if (address := unescaped(line.value).strip())
    ]
    if found:
        into["emails"] = found


def _write_emails(data: Contact, version: str) -> Sequence[Bundle]:
    return [
        labelled(Line("EMAIL", escaped(one.address), parameters_of(one.contexts, one.pref, version)), one.label)
        for one in data.emails
    ]


def _read_phones(card: Card, into: dict[str, Any]) -> None:
    found = [
        Phone(
            number=number,
            contexts=contexts_of(line),
            features=features_of(line),
            pref=preference_of(line),
            label=card.label(line),
        )
        for line in card.all("TEL")
        if (number := unescaped(line.value).strip().removeprefix("tel:"))
    ]
    if found:
        into["phones"] = found


def _write_phones(data: Contact, version: str) -> Sequence[Bundle]:
    return [
        labelled(
            Line("TEL", escaped(one.number), parameters_of(one.contexts, one.pref, version, one.features)), one.label
        )
        for one in data.phones
    ]


def _read_addresses(card: Card, into: dict[str, Any]) -> None:
    found = [address for line in card.all("ADR") if (address := _address(card, line)) is not None]
    if found:
        into["addresses"] = found


def _address(card: Card, line: Line) -> Address | None:
    box, extended, street, locality, region, postcode, country = parts_of(line, 7)[:7]
    full = line.parameter("LABEL").replace("\\n", "\n") or None
    lines = ", ".join(part for part in (street, extended, box) if part)
    if not (full or lines or locality or region or postcode or country):
        return None
    return Address(
        full=full,
        street=lines or None,
        locality=locality or None,
        region=region or None,
        postcode=postcode or None,
        country=country or None,
        country_code=card.countries.get(line.group.lower()) or line.parameter("CC") or None,
        contexts=contexts_of(line),
        label=card.label(line),
    )


def _write_addresses(data: Contact, version: str) -> Sequence[Bundle]:
    return [_address_bundle(one, version) for one in data.addresses]


def _address_bundle(one: Address, version: str) -> Bundle:
    parts = ("", "", one.street, one.locality, one.region, one.postcode, one.country)
    parameters = parameters_of(one.contexts, None, version)
    if one.full:
        parameters["LABEL"] = [one.full]
    line = Line("ADR", ";".join(escaped(part or "") for part in parts), parameters)
    country = (Line("X-ABADR", one.country_code),) if one.country_code else ()
    return (*labelled(line, one.label), *country)


def _read_services(card: Card, into: dict[str, Any]) -> None:
    found = [_service(card, line) for line in card.all("IMPP", *_SOCIAL)]
    found += [
        OnlineService(user=user, service=_MESSENGERS[line.name])
        for line in card.all(*_MESSENGERS)
        if (user := unescaped(line.value).strip())
    ]
    if found:
        into["online_services"] = found


def _service(card: Card, line: Line) -> OnlineService:
    service = line.parameter("SERVICE-TYPE") or line.parameter("X-SERVICE-TYPE")
    if not service and line.name in _SOCIAL:
        service = next((one for one in types_of(line) if one not in {"pref", "home", "work"}), "")
    value = unescaped(line.value).strip()
    user = line.parameter("X-USER") or line.parameter("USERNAME")
    return OnlineService(
        uri=value if ":" in value else None,
        user=user or (None if ":" in value else value),
        service=service or None,
        label=card.label(line),
    )


def _write_services(data: Contact, version: str) -> Sequence[Bundle]:
    return [_service_bundle(one, version) for one in data.online_services]


def _service_bundle(one: OnlineService, version: str) -> Bundle:
    is_new = version.startswith("4")
    if (one.uri or "").startswith(("http:", "https:")) or not one.uri:
        name = "SOCIALPROFILE" if is_new else "X-SOCIALPROFILE"
    else:
        name = "IMPP"
    parameters: dict[str, list[str]] = {}
    if one.service:
        parameters["SERVICE-TYPE" if is_new else "X-SERVICE-TYPE"] = [one.service]
    if one.user and one.uri:
        parameters["USERNAME" if is_new else "X-USER"] = [one.user]
    return labelled(Line(name, escaped(one.uri or one.user or ""), parameters), one.label)


REACH_FIELDS: tuple[Field, ...] = (
    made(("EMAIL",), "emails", _read_emails, _write_emails),
    made(("TEL",), "phones", _read_phones, _write_phones),
    made(("ADR", "LABEL"), "addresses", _read_addresses, _write_addresses),
    made(("IMPP", *_SOCIAL, *_MESSENGERS), "online_services", _read_services, _write_services),
)
