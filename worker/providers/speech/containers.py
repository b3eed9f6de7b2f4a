"""What kind of file a recording is, by its first bytes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Container:
    """`demuxer` is FFmpeg's name; `is_taken` whether OpenAI takes such a file as it is.

    The list of formats: https://developers.openai.com/api/docs/guides/speech-to-text
    """

    demuxer: str
    suffix: str
    mime: str
    is_taken: bool


WAV = Container("wav", "wav", "audio/wav", True)
FLAC = Container("flac", "flac", "audio/flac", True)
OGG = Container("ogg", "ogg", "audio/ogg", True)
MP3 = Container("mp3", "mp3", "audio/mpeg", True)
MP4 = Container("mov", "m4a", "audio/mp4", True)
WEBM = Container("matroska", "webm", "audio/webm", True)
AAC = Container("aac", "aac", "audio/aac", False)
AMR = Container("amr", "amr", "audio/amr", False)


def container_of(head: bytes) -> Container | None:
    """The container by its first `HEAD_BYTES` bytes, None for anything that is no audio we read.

    Only the named demuxer gets to see the file: others, of playlists, would open files and addresses.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] == b"ftyp":
        return MP4
    for magic, container in (
        (b"fLaC", FLAC),
        (b"OggS", OGG),
        (b"\x1a\x45\xdf\xa3", WEBM),
        (b"#!AMR", AMR),
        (b"ID3", MP3),
    ):
        if head.startswith(magic):
            return container
    return _of_frames(head)


def _of_frames(head: bytes) -> Container | None:
    """MPEG audio without a tag begins with a frame: eleven set bits, then the layer; ADTS has layer 0.

    Layer I, in nobody's use, would make UTF-16 text look like a recording.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer = head[1] >> 1 & 3
    if layer == 0:
        return AAC if head[1] & 0xF0 == 0xF0 else None
    return MP3 if layer != 3 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3 else None
