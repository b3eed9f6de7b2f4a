"""QR codes of published projects, files that nobody shows, figures of visitors."""
