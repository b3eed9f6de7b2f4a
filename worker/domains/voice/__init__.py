"""Recordings in, transcripts out; answers read aloud."""
