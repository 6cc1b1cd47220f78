"""What the core needs from the world, one Protocol per file, in model terms only."""
