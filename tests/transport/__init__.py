"""Tests of the transport, over real sockets on 127.0.0.1 wherever there is a wire."""
