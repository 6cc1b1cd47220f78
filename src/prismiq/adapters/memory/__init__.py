"""What a shared store does, done inside one process."""
