"""Where the parts are put together: settings, container, engine, app, command line."""
