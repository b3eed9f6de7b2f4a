"""AI tasks: a text in, a better one out."""
