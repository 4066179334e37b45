"""Tests of the adapters: against the simulators, over real sockets."""
