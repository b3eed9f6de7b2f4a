"""Recordings as plain samples, a little at a time.

Reads untrusted input with FFmpeg: meant to be called in a child process (worker.sandbox).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from worker.errors import DocumentRejected
from worker.providers.speech.containers import HEAD_BYTES, Container, container_of

RATE = 16_000
"""Samples a second after decoding; one channel of signed 16-bit numbers in the machine's order."""

_DAMAGED_PACKETS = 1000
"""So many in a row, and the rest is not worth reading."""


def kind_of(path: Path) -> Container:
    """Raises DocumentRejected for what is no recording we read."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise DocumentRejected("audio.empty", "The recording is empty.")
    container = container_of(head)
    if container is None:
        raise _unreadable()
    return container


def samples(path: Path) -> Iterator[array[int]]:
    """The samples of the first audio track; damaged stretches are left out.

    Raises DocumentRejected when there is no track or nothing in it can be read.
    """
    has_some = False
    for part in _parts(path):
        has_some = True
        yield part
    if not has_some:
        raise _unreadable()


def _parts(path: Path) -> Iterator[array[int]]:
    """A track may change its form on the way; then another resampler goes on."""
    resampler, form = _resampler(), None
    with _opened(path) as (container, stream):
        for frame in _frames(container, stream):
            if form not in (None, _form(frame)):
                yield from _resampled(resampler, None)
                resampler = _resampler()
            form = _form(frame)
            yield from _resampled(resampler, frame)
        if form is not None:
            yield from _resampled(resampler, None)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The file goes in as an open handle and no protocol is allowed, so that nothing else is opened."""
    kind = kind_of(path)
    try:
        with (
            path.open("rb") as file,
            av.open(file, "r", format=kind.demuxer, options={"protocol_whitelist": ""}) as container,
        ):
            if not container.streams.audio:
                raise _unreadable()
            stream = container.streams.audio[0]
            yield container, stream
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable() from error


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    damaged = 0
    packets = container.demux(stream)
    while damaged < _DAMAGED_PACKETS:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from (frame for frame in packet.decode() if isinstance(frame, AudioFrame))
            damaged = 0
        except av.error.InvalidDataError:
            damaged += 1


def _resampler() -> AudioResampler:
    return AudioResampler(format="s16", layout="mono", rate=RATE)


def _form(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _resampled(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[array[int]]:
    """`None` gives what the resampler still holds."""
    for made in resampler.resample(frame):
        if made.samples:
            yield array("h", bytes(made.planes[0])[: made.samples * 2])


def _unreadable() -> DocumentRejected:
    return DocumentRejected("audio.unreadable", "The file is no recording that can be read.")
