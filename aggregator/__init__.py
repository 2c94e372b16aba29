"""Hub between official education portals and school websites."""

__version__ = "0.1.0"
