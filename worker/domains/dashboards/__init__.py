"""Numbers that are ready before somebody asks."""
