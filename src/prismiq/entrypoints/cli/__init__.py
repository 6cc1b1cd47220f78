"""The ``prismiq`` command: one file per subcommand, over the same services as HTTP."""
