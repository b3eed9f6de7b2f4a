"""Recordings made of tones and silences."""

from __future__ import annotations

import math
import sys
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path

import av

RATE = 16_000

FORMATS = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "libopus"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "webm": ("webm", "libopus"),
    "aac": ("adts", "aac"),
}
"""Suffix to FFmpeg's names of the container and the encoder."""


def tone(seconds: float, hertz: float = 440.0, loudness: int = 8000) -> array[int]:
    step = 2 * math.pi * hertz / RATE
    return array("h", [int(loudness * math.sin(step * index)) for index in range(int(seconds * RATE))])


def silence(seconds: float) -> array[int]:
    return array("h", bytes(2 * int(seconds * RATE)))


def write(path: Path, parts: Sequence[array[int]], *, rate: int = 48_000) -> Path:
    """The parts one after another, encoded as the suffix says."""
    container_name, codec = FORMATS[path.suffix[1:]]
    with av.open(str(path), "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size or 1024
        )
        for frame in (*map(_frame, parts), None):
            for made in resampler.resample(frame):
                container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return path


def _frame(samples: array[int]) -> av.AudioFrame:
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = RATE
    return frame


def main() -> None:
    """Two seconds in the format of the first argument, on standard output."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / f"memo.{sys.argv[1]}", [tone(2)])
        sys.stdout.buffer.write(path.read_bytes())


if __name__ == "__main__":
    main()
