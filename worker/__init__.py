"""The worker: claims jobs, calls providers, writes rows."""
