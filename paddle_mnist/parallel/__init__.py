"""One training by several processes, wrapped around the loop from outside."""
