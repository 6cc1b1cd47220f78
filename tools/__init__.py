"""What maintains this checkout and is no part of the package."""
