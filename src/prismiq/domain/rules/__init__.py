"""Pure functions over the model: the same input always gives the same output."""
