"""Real recordings through FFmpeg, into pieces."""

from __future__ import annotations

import random
import wave
from array import array
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.recordings import FORMATS, RATE, silence, tone, write
from worker.errors import ComputationKilled, DocumentRejected
from worker.providers.speech.decoding import samples
from worker.providers.speech.splitting import Limits, Recording, prepare
from worker.sandbox import ProcessSandbox

SENTENCE = tone(2.2) + silence(0.5)
TALK = [SENTENCE] * 8
"""21.6 seconds with a pause every 2.7."""


@pytest.fixture
async def sandbox() -> AsyncIterator[ProcessSandbox]:
    made = ProcessSandbox()
    yield made
    await made.close()


def read(path: str) -> array[int]:
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return array("h", file.readframes(file.getnframes()))


def rejection(path: Path, folder: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DocumentRejected) as caught:
        prepare(path, folder, limits)
    return caught.value.code


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix != "aac"])
def test_what_one_request_holds_is_sent_as_it_is(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"x.{suffix}", TALK)
    recording = prepare(path, tmp_path)
    assert recording.seconds == pytest.approx(21.6, abs=0.05)
    (piece,) = recording.pieces
    assert (piece.path, piece.start, piece.end) == (str(path), 0.0, recording.seconds)
    assert piece.name == f"audio.{suffix}"


def test_a_container_the_vendor_does_not_take_becomes_wav(tmp_path: Path) -> None:
    path = write(tmp_path / "x.aac", TALK)
    (piece,) = prepare(path, tmp_path).pieces
    assert (piece.name, piece.mime) == ("audio.wav", "audio/wav")
    assert len(read(piece.path)) / RATE == pytest.approx(21.6, abs=0.1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_longer_ones_are_cut_in_the_pauses(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"x.{suffix}", TALK)
    recording = prepare(path, tmp_path, Limits(seconds=6.0, search=3.0))
    whole = array("h")
    for part in samples(path):
        whole.extend(part)
    pieces = [read(piece.path) for piece in recording.pieces]
    assert len(pieces) >= 4
    assert all(0.1 < len(piece) / RATE <= 6.0 for piece in pieces)
    assert sum(pieces, array("h")) == whole
    for piece in recording.pieces[:-1]:
        cut = int(piece.end * RATE)
        assert max(map(abs, whole[cut - 800 : cut + 800])) < 200


def test_times_of_the_pieces_join(tmp_path: Path) -> None:
    recording = prepare(write(tmp_path / "x.wav", TALK), tmp_path, Limits(seconds=6.0, search=3.0))
    assert recording.pieces[0].start == 0.0
    assert all(left.end == right.start for left, right in pairwise(recording.pieces))
    assert recording.pieces[-1].end == recording.seconds == pytest.approx(21.6)


def test_every_piece_is_below_the_limit_of_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", TALK)
    recording = prepare(path, tmp_path, Limits(bytes=100_000))
    sizes = [Path(piece.path).stat().st_size for piece in recording.pieces]
    assert len(sizes) >= 7
    assert max(sizes) <= 100_000


def test_without_a_pause_a_piece_is_full(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", [tone(10)])
    recording = prepare(path, tmp_path, Limits(seconds=4.0, search=1.0))
    assert all(3.0 <= piece.end - piece.start <= 4.0 for piece in recording.pieces[:-1])


def test_a_track_that_changes_its_rate_on_the_way(tmp_path: Path) -> None:
    fast = write(tmp_path / "fast.mp3", [tone(2)], rate=44_100).read_bytes()
    slow = write(tmp_path / "slow.mp3", [tone(3)], rate=22_050).read_bytes()
    path = tmp_path / "both.mp3"
    path.write_bytes(fast + slow)
    assert prepare(path, tmp_path).seconds == pytest.approx(5.0, abs=0.3)


def test_too_long_is_noticed_before_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "x.mp3", TALK)
    assert rejection(path, tmp_path, Limits(recording_seconds=10.0)) == "audio.too_long"
    assert rejection(path, tmp_path, Limits(seconds=5.0, recording_seconds=10.0)) == "audio.too_long"


def test_without_sound_there_is_nothing_to_write_down(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert rejection(tmp_path / "empty", tmp_path) == "audio.empty"
    assert rejection(write(tmp_path / "silent.wav", [silence(3)]), tmp_path) == "audio.empty"
    assert rejection(write(tmp_path / "short.wav", [tone(0.05)]), tmp_path) == "audio.empty"
    assert prepare(write(tmp_path / "soft.wav", [tone(1, loudness=100)]), tmp_path).seconds == 1.0


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 not a recording",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"ID3" + b"#EXTM3U\nfile:///etc/hostname\n" * 20,
        b"RIFF\x24\x00\x00\x00WAVE",
        b"OggS" + bytes(200),
        b"\x1a\x45\xdf\xa3" + bytes(100),
        b"\x00\x00\x00\x18ftypM4A " + bytes(100),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert rejection(path, tmp_path) == "audio.unreadable"


def test_a_file_cut_off(tmp_path: Path) -> None:
    whole = write(tmp_path / "x.mp3", TALK).read_bytes()
    path = tmp_path / "half.mp3"
    path.write_bytes(whole[: len(whole) // 2])
    assert prepare(path, tmp_path).seconds == pytest.approx(10.8, abs=0.3)
    m4a = write(tmp_path / "x.m4a", TALK).read_bytes()
    lost = tmp_path / "half.m4a"
    lost.write_bytes(m4a[: len(m4a) // 2])
    assert rejection(lost, tmp_path) == "audio.unreadable"


async def test_in_a_child_process(tmp_path: Path, sandbox: ProcessSandbox) -> None:
    path = write(tmp_path / "x.ogg", TALK)
    recording = await sandbox.run(prepare, path, tmp_path, Limits(seconds=6.0, search=3.0))
    assert isinstance(recording, Recording)
    assert len(recording.pieces) >= 4
    (tmp_path / "bad").write_bytes(b"nothing")
    with pytest.raises(DocumentRejected) as caught:
        await sandbox.run(prepare, tmp_path / "bad", tmp_path)
    assert caught.value.code == "audio.unreadable"


@pytest.mark.parametrize("suffix", FORMATS)
async def test_damage_is_survived_or_refused(tmp_path: Path, sandbox: ProcessSandbox, suffix: str) -> None:
    whole = write(tmp_path / f"x.{suffix}", TALK[:2]).read_bytes()
    chance = random.Random(suffix)
    ends = []
    for number in range(12):
        damaged = bytearray(whole)
        for _ in range(1 << number % 6 << 2):
            damaged[chance.randrange(12, len(damaged))] = chance.randrange(256)
        path = tmp_path / f"damaged.{suffix}"
        path.write_bytes(damaged)
        try:
            ends.append((await sandbox.run(prepare, path, tmp_path)).seconds >= 0.1)
        except (DocumentRejected, ComputationKilled) as error:
            ends.append(error.code in ("audio.unreadable", "audio.empty", "audio.too_long", "sandbox.killed"))
    assert ends == [True] * 12
