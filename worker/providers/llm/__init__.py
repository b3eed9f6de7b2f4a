"""Questions and sources to answers."""
