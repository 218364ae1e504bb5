import hashlib
import io
import os
import stat
import subprocess
import sys
import time

import pytest

from entrepot.core.change import Attachment, Change, Ref
from entrepot.core.errors import PersonMustFix
from entrepot.core.writing import Note
from entrepot.storage.blobs import Blobs
from entrepot.storage.orphans import clear_orphans

WRITER = """
import hashlib, io, sys
from pathlib import Path
from entrepot.storage.blobs import Blobs

blobs = Blobs(Path(sys.argv[1]))
print("begun", flush=True)
for number in range(10_000):
    content = str(number).encode() * 50_000
    blobs.put(hashlib.sha256(content).hexdigest(), lambda: io.BytesIO(content))
"""


def attachment(content):
    digest = hashlib.sha256(content).hexdigest()
    return Attachment(digest, len(content), "a.bin", "application/octet-stream", lambda: io.BytesIO(content))


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


def test_a_file_comes_out_as_it_went_in_and_is_private(blobs):
    file = attachment(b"\0\1" * 3_000_000)
    blobs.keep([file])
    with blobs.open(file.sha256) as stored:
        assert hashlib.sha256(stored.read()).hexdigest() == file.sha256
    assert stat.S_IMODE(blobs.path(file.sha256).stat().st_mode) == 0o600


def test_what_is_here_already_is_not_read_again(blobs):
    file = attachment(b"abc")
    blobs.keep([file])

    def refuse():
        raise AssertionError("opened again")

    blobs.put(file.sha256, refuse)


def test_bytes_of_another_hash_are_refused_and_leave_nothing(blobs, tmp_path):
    with pytest.raises(PersonMustFix, match="changed while"):
        blobs.put("0" * 64, lambda: io.BytesIO(b"other"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 63 + "/"])
def test_a_name_that_is_no_hash_never_becomes_a_path(blobs, name):
    with pytest.raises(ValueError, match="not a SHA-256"):
        blobs.path(name)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "blobs").write_text("a file is in the way")
    with pytest.raises(PersonMustFix, match="could not be stored"):
        Blobs(tmp_path / "blobs").keep([attachment(b"abc")])


def test_a_killed_process_leaves_only_whole_files(blobs, tmp_path):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "blobs")], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        time.sleep(0.3)
        writer.kill()
    whole = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file() and path.parent.name != "unfinished"]
    assert whole
    for path in whole:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_files_that_no_item_names_go_and_the_others_stay(place_in, database, blobs, tmp_path):
    place = place_in(database, kind="note")
    named, orphan = attachment(b"named"), attachment(b"orphan")
    blobs.keep([named, orphan])
    (tmp_path / "blobs" / "unfinished" / "left").write_bytes(b"half")
    place.apply(Change("tasks", Ref("n"), Note(title="n"), files=[named]))
    assert clear_orphans(database, blobs) == 0  # all are young
    for path in (tmp_path / "blobs").rglob("*"):
        os.utime(path, (1, 1))
    blobs.keep([orphan])  # wanted again, so young again
    assert clear_orphans(database, blobs) == 1
    assert clear_orphans(database, blobs, older_than=-1) == 1
    assert blobs.path(named.sha256).exists()
    assert not blobs.path(orphan.sha256).exists()


def test_a_file_that_is_wanted_again_while_it_is_cleared_away_is_there_afterwards(blobs):
    file = attachment(b"wanted")
    blobs.keep([file])
    path = blobs.path(file.sha256)
    os.utime(path, (1, 1))
    blobs.keep([file])  # after it was told to be old, before it is discarded
    assert not blobs.discard(path, 3600)
    assert path.read_bytes() == b"wanted"
    os.utime(path, (1, 1))
    assert blobs.discard(path, 3600)
    assert not blobs.discard(path, 3600)
    blobs.keep([file])
    assert path.read_bytes() == b"wanted"
