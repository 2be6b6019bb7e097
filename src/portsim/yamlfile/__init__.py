"""YAML files, read safely with the place of every value, and written so that they read back equal."""

from portsim.yamlfile.reading import Document, Path, key_path, parse, read, show
from portsim.yamlfile.writing import dump, quoted

__all__ = ["Document", "Path", "dump", "key_path", "parse", "quoted", "read", "show"]
