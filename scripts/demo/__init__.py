"""What `lamina demo` shows: a document to ask, and the walk through the doors."""
