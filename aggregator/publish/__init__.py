"""Items → bytes. Pure: the same notices, settings and version give the same bytes."""
