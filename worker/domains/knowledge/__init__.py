"""Documents become searchable; questions are answered from them."""
