from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import FORMATS, tone, write
from worker.providers.speech import containers
from worker.providers.speech.containers import HEAD_BYTES, container_of


@pytest.mark.parametrize("suffix", FORMATS)
def test_real_files_are_known_by_their_first_bytes(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"misnamed.{suffix}", [tone(0.5)])
    found = container_of(path.read_bytes()[:HEAD_BYTES])
    assert found is not None
    assert found.suffix == suffix


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xfb\x90\x64" + bytes(20), containers.MP3),
        (b"\xff\xf3\x84\xc4" + bytes(20), containers.MP3),
        (b"\xff\xf1\x50\x80" + bytes(20), containers.AAC),
        (b"#!AMR\n" + bytes(20), containers.AMR),
        (b"\x00\x00\x00\x20ftypM4A ", containers.MP4),
    ],
)
def test_known_heads(head: bytes, expected: containers.Container) -> None:
    assert container_of(head) is expected


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"#EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0",
        b"%PDF-1.7",
        b"\xff\xfe" + "text".encode("utf-16-le"),
        b"\xff\xfb\xf0\x64",
        b"\xff\xfb\x0c\x64",
        b"<?xml version",
        b"\x89PNG\r\n",
    ],
)
def test_what_is_no_recording(head: bytes) -> None:
    assert container_of(head) is None


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_are_judged(head: bytes) -> None:
    found = container_of(head)
    assert found is None or found.mime.startswith("audio/")


def test_only_what_openai_takes_is_sent_as_it_is() -> None:
    known = vars(containers).values()
    taken = {kind.suffix for kind in known if isinstance(kind, containers.Container) and kind.is_taken}
    assert taken == {"wav", "flac", "ogg", "mp3", "m4a", "webm"}
