"""Speech to text, text to speech, and keys for talking from a browser."""
