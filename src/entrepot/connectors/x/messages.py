"""Direct messages, alone and in groups: one record per conversation, with all its messages."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.people import Message
from entrepot.sdk.connector import Account

from .media import Shelf
from .wording import Link, instant_of, written


class _Create(msgspec.Struct, rename="camel"):
    id: str
    created_at: str
    sender_id: str = ""
    recipient_id: str = ""
    text: str = ""
    urls: list[Link] = []


class _Item(msgspec.Struct, rename="camel"):
    message_create: msgspec.Raw = msgspec.Raw()
    """Empty for joining, leaving and renaming."""


class _Conversation(msgspec.Struct, rename="camel"):
    conversation_id: str = ""
    messages: list[_Item] = []


class _Wrapped(msgspec.Struct, rename="camel"):
    dm_conversation: _Conversation


_DECODER = msgspec.json.Decoder(_Wrapped)
_CREATE = msgspec.json.Decoder(_Create)


class MessageReader:
    def __init__(self, account: Account, shelf: Shelf) -> None:
        self._account = account
        self._shelf = shelf

    def read(self, raw: bytes) -> Iterator[Change | BadRow]:
        conversation = _DECODER.decode(raw).dm_conversation
        thread = conversation.conversation_id
        for number, item in enumerate(conversation.messages, start=1):
            raw_message = bytes(item.message_create)
            try:
                if raw_message:
                    yield self._change(thread, raw_message)
            except (msgspec.MsgspecError, ValueError) as error:
                yield BadRow("messages", f"conversation {thread}, message {number}", str(error))

    def _change(self, thread: str, raw: bytes) -> Change:
        create = _CREATE.decode(raw)
        files = self._shelf.files_of(create.id)
        message = Message(
            message_id=create.id,
            thread=thread or None,
            sender=self._named(create.sender_id),
            to=[self._named(create.recipient_id)] if create.recipient_id else [],
            date=instant_of(create.created_at),
            text=written(create.text, create.urls),
            direction=self._direction(create.sender_id),
            channel="x",
            attachments=[file.sha256 for file in files],
        )
        native = msgspec.json.format(raw, indent=-1)
        return Change("messages", Ref(create.id), message, native, files=files)

    def _direction(self, sender: str) -> Literal["in", "out"] | None:
        if not self._account.id:
            return None
        return "out" if sender == self._account.id else "in"

    def _named(self, account: str) -> str:
        """Of all people the archive names only its owner; the others are numbers."""
        return self._account.name if self._account.name and account == self._account.id else account
