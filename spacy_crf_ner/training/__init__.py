"""Around training: what a corpus tells a component."""
