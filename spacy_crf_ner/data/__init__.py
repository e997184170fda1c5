"""Annotated texts in the formats of other tools: reading, checking and converting them to spaCy's."""
