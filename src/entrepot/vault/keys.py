"""Where master keys come from: a text handed in, a file of mode 0600, or a command. One protocol for all three."""

import os
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.vault.masterkey import Keyring, MasterKey, read_keyring

COMMAND_SECONDS = 30


class KeySource(Protocol):
    """`origin` says to people where the key comes from."""

    @property
    def origin(self) -> str: ...

    def read(self) -> Keyring:
        """The keys as they are now. Asked again whenever a key turns up that nobody here knows."""
        ...

    def create(self) -> Keyring:
        """The keys of a vault that holds nothing yet; a source that can make its own key does so."""
        ...

    def begin_rotation(self) -> Keyring:
        """A keyring whose current key is the new one. Called again after a crash, it gives the same new key."""
        ...

    def end_rotation(self) -> None:
        """Nothing is wrapped with an older key any more: forget them."""
        ...


class TextKeys:
    """Keys handed in as text; rotation takes the new one in front of the old: `NEW,OLD`."""

    def __init__(self, text: Secret, origin: str = "ENTREPOT_KEY") -> None:
        self.origin = origin
        self._text = text

    def read(self) -> Keyring:
        return read_keyring(self._text, self.origin)

    create = read
    begin_rotation = read

    def end_rotation(self) -> None:
        """The person takes the old key away; nothing here can."""


class CommandKeys:
    """Keys printed by a command (a password manager, a KMS client), started without a shell."""

    def __init__(self, command: Sequence[str], seconds: float = COMMAND_SECONDS) -> None:
        self.origin = f"the key command {command[0] if command else '(empty)'}"
        self._command = tuple(command)
        self._seconds = seconds

    def read(self) -> Keyring:
        if not self._command:
            raise PersonMustFix("The key command is empty. Name the program that prints the master key.")
        return read_keyring(Secret(self._run()), self.origin)

    create = read
    begin_rotation = read

    def end_rotation(self) -> None:
        """The person lets the command print the new key alone; nothing here can."""

    def _run(self) -> str:
        try:
            done = subprocess.run(  # noqa: S603  # the person's own command, as a list, with no shell
                self._command, stdin=subprocess.DEVNULL, capture_output=True, timeout=self._seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise PersonMustFix(
                f"No master key: {self.origin} did not print one within {self._seconds:g} seconds."
            ) from None
        except OSError as why:
            raise PersonMustFix(f"No master key: {self.origin} could not be started: {why.strerror or why}.") from None
        if done.returncode != 0:
            raise PersonMustFix(f"No master key: {self.origin} ended with exit code {done.returncode}. Run it by hand.")
        return done.stdout.decode("ascii", "replace")


class FileKeys:
    """Keys in a file of mode 0600, one on a line, the current one first; made when the vault is first used."""

    def __init__(self, path: Path) -> None:
        self.origin = f"the file {path}"
        self._path = path

    def read(self) -> Keyring:
        try:
            return self._read()
        except FileNotFoundError:
            raise PersonMustFix(
                f"The key file {self._path} is gone, and stored credentials cannot be read without it. "
                "Put it back from a backup, or remove the integrations and connect them again."
            ) from None

    def create(self) -> Keyring:
        with suppress(FileNotFoundError):
            return self._read()
        self._write(MasterKey.fresh(), exclusive=True)
        return self._read()

    def begin_rotation(self) -> Keyring:
        ring = self.create()
        if len(ring.ids()) > 1:  # an earlier rotation was cut off: its new key is the one to go on with
            return ring
        self._write(MasterKey.fresh(), ring.current)
        return self._read()

    def end_rotation(self) -> None:
        self._write(self._read().current)

    def _read(self) -> Keyring:
        try:
            with self._path.open("rb") as file:
                if os.name == "posix":
                    self._refuse_shared(os.fstat(file.fileno()))
                return read_keyring(Secret(file.read().decode("ascii", "replace")), self.origin)
        except FileNotFoundError:
            raise
        except OSError as why:
            raise PersonMustFix(f"The key file {self._path} cannot be read: {why.strerror}.") from None

    def _refuse_shared(self, found: os.stat_result) -> None:
        """In a folder where others may write, one of them could have put a key there that they know."""
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise PersonMustFix(
                f"Others may read the key file {self._path}. Run `chmod 600 {self._path}` and try again."
            )
        if found.st_uid not in {0, os.geteuid(), self._path.parent.stat().st_uid}:
            raise PersonMustFix(
                f"The key file {self._path} belongs to another user, who knows what is in it. If it is yours all the "
                "same, make it your own with chown; else remove it."
            )

    def _write(self, *keys: MasterKey, exclusive: bool = False) -> None:
        """Whole or not at all: a new file beside it, synced, then put in place in one step.

        Where it is a link, the file it leads to: the person wants the key to be there and not here.
        """
        place = self._path.resolve()
        try:
            _put(place, keys, exclusive=exclusive)
        except OSError as why:
            raise PersonMustFix(f"The key file {place} cannot be written: {why.strerror}.") from None


def _put(place: Path, keys: Sequence[MasterKey], *, exclusive: bool) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = place.with_name(f"{place.name}.{token_hex(8)}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if os.name == "posix":
                os.fchmod(handle, 0o600)  # whatever the umask takes away
            file.writelines(key.text().reveal().encode() + b"\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        if exclusive:  # a link fails where the file exists: of two processes at first start one makes the key
            with suppress(FileExistsError):
                os.link(beside, place)
        else:
            beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    """The name in the folder must survive a power cut too; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
