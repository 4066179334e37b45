"""Servers that speak a platform's protocol, for tests and for the demo.

A folder per platform; everything that two of them need is in this one. They are written from the
platforms' references, never from our adapters, and refuse what the real servers refuse.
"""
