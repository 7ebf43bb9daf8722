"""Training recipes, each a module with a `config`."""
