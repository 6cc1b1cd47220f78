"""The hexagon: values (model), pure functions (rules) and use cases (services)."""
