"""Checks of annotated data."""
