"""The only way to what needs the ``redis`` extra, so that everything else runs without it."""

from types import ModuleType

from prismiq.domain.model.errors import ConfigurationError


def shared_stores() -> ModuleType:
    """Return the module ``prismiq.entrypoints.shared_stores``.

    Raises:
        ConfigurationError: the driver is not installed.
    """
    try:
        from prismiq.entrypoints import shared_stores as found  # noqa: PLC0415 - may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise ConfigurationError(
            "Redis is configured and its driver is missing: pip install 'prismiq[redis]'."
        ) from None
    return found
