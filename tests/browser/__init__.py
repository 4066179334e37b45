"""Stories that a person lives through in the pages of a real Home Assistant."""
