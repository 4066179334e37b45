"""Tests of the simulators: whether other tests can trust them."""
