"""Use cases. They combine rules and speak to the outside only through ports."""
