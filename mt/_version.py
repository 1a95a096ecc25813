"""The version, where neither the package metadata nor anything heavy is needed to read it."""

__version__ = "0.1.0"
