"""Tests of the decision which entity a resource becomes."""
