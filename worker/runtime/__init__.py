"""The job engine; it knows no domain."""
