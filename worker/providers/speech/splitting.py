"""A recording as pieces that one request each can hold.

Reads untrusted input: call `prepare` in a child process (worker.sandbox). Memory stays at some megabytes
however long the recording is.
"""

from __future__ import annotations

import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from worker.errors import DocumentRejected
from worker.providers.speech.decoding import RATE, kind_of, samples
from worker.providers.speech.port import Piece
from worker.providers.speech.quiet import quietest

WAV_HEADER = 44
_SHORTEST = RATE // 10
"""Samples; OpenAI takes nothing shorter than a tenth of a second."""

_SILENCE = 32
"""The loudest sample of a recording without sound: -60 dB of the full scale."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold and how long a whole recording may be.

    OpenAI counts 26,214,400 bytes a request with what multipart adds, for which 64 KiB are left here. Its
    gpt-4o models take 1,400 seconds a request and are vague about more than 20 minutes; so is our limit.
    `search` is how many seconds before the end of a piece a pause is looked for. Two hours of MP3 take some
    15 seconds of processor time.
    """

    bytes: int = 26_214_400 - 65_536
    seconds: float = 1200.0
    search: float = 30.0
    recording_seconds: float = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class Recording:
    """The whole length in seconds, measured by decoding, and the pieces in order."""

    seconds: float
    pieces: tuple[Piece, ...]


def prepare(path: Path, folder: Path, limits: Limits | None = None) -> Recording:
    """The file itself where one request can hold it, else WAV files in `folder`, cut at pauses.

    Raises DocumentRejected with `audio.empty`, `audio.unreadable` or `audio.too_long`.
    """
    limits = limits or Limits()
    kind = kind_of(path)
    if kind.is_taken and path.stat().st_size <= limits.bytes:
        seconds = _seconds_if_fitting(path, limits)
        if seconds is not None:
            name = f"audio.{kind.suffix}"
            return Recording(seconds, (Piece(str(path), name, kind.mime, 0.0, seconds),))
    return _split(path, folder, limits)


def _seconds_if_fitting(path: Path, limits: Limits) -> float | None:
    """The length of the recording; None as soon as it is too long for one request."""
    total = 0
    for part in _audible(path, limits):
        total += len(part)
        if total > limits.seconds * RATE:
            return None
    return total / RATE


def _audible(path: Path, limits: Limits) -> Iterator[array[int]]:
    """The samples. Raises DocumentRejected when there are too many, or in the end too few or no sound."""
    total, is_silent = 0, True
    for part in samples(path):
        total += len(part)
        if total > limits.recording_seconds * RATE:
            raise DocumentRejected(
                "audio.too_long", f"The recording is longer than {limits.recording_seconds / 60:.0f} minutes."
            )
        is_silent = is_silent and max(part) <= _SILENCE and min(part) >= -_SILENCE
        yield part
    if is_silent or total < _SHORTEST:
        raise DocumentRejected("audio.empty", "The recording has no sound.")


def _split(path: Path, folder: Path, limits: Limits) -> Recording:
    """A piece is as long as fits, less what follows the last pause in it, which opens the next one."""
    longest = int(min(limits.seconds * RATE, (limits.bytes - WAV_HEADER) // 2))
    search = min(int(limits.search * RATE), longest // 2)
    pieces: list[Piece] = []
    writer = _Writer(folder, 0, 0)
    waiting = array("h")
    for part in _audible(path, limits):
        waiting.extend(part)
        while writer.length + len(waiting) > longest:
            end = longest - writer.length
            writer.take(waiting, end - search + quietest(waiting[end - search : end]))
            pieces.append(writer.finish())
            writer = _Writer(folder, len(pieces), writer.start + writer.length)
        if len(waiting) > 2 * search:
            writer.take(waiting, len(waiting) - search)
    writer.take(waiting, len(waiting))
    pieces.append(writer.finish())
    return Recording(pieces[-1].end, tuple(pieces))


class _Writer:
    """One piece in the making; `start` and `length` in samples."""

    def __init__(self, folder: Path, number: int, start: int) -> None:
        self.start = start
        self.length = 0
        self._path = folder / f"piece-{number:04}.wav"
        self._file = wave.open(str(self._path), "wb")  # noqa: SIM115 - closed by finish
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)

    def take(self, waiting: array[int], count: int) -> None:
        """Moves so many samples from the front of `waiting` into the file."""
        self._file.writeframes(waiting[:count].tobytes())
        del waiting[:count]
        self.length += count

    def finish(self) -> Piece:
        self._file.close()
        end = (self.start + self.length) / RATE
        return Piece(str(self._path), "audio.wav", "audio/wav", self.start / RATE, end)
