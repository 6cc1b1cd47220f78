"""One package per technology. Adapters never import one another."""
