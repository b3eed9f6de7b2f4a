"""Everything outside our own database, behind one Protocol per capability."""
