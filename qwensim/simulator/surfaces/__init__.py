"""The wire formats of the service: one module, or one family of modules, for each."""
