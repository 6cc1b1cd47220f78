"""Keys, invalidation and stampedes of kept answers, and other caches beside ours."""
