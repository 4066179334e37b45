"""Tests of the model: pure data, no I/O."""
