"""The ladder: every stage trained over seeds, and compared in one table."""
