"""Everything that `mt` raises on purpose.

    MTError
      ConfigError      an option, a YAML file or a command-line value is wrong
      InputError       the text or file to translate cannot be read or makes no sense
      ModelError       a model is unknown, not installed, damaged, or does not fit its engine
        FetchError     a model could not be fetched; the message names what works offline
      ExtraError       an optional package is missing; the message holds the install line
      JobError         a batch job cannot go on: its folder is full, read-only, damaged or in use; run again, it resumes

A message says what is wrong, which thing, and what to do next, on one line.
"""


class MTError(Exception):
    """The parent of all errors raised on purpose: catch it to catch them all."""


class ConfigError(MTError):
    """An option, a YAML file or a command-line value is wrong."""


class InputError(MTError):
    """The text or file to translate cannot be read or makes no sense."""


class ModelError(MTError):
    """A model is unknown, not installed, damaged, or does not fit its engine."""


class FetchError(ModelError):
    """A model could not be fetched."""


class ExtraError(MTError):
    """An optional package is missing."""


class JobError(MTError):
    """A batch job cannot go on, but nothing is lost: run again and it resumes."""
