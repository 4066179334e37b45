"""Tests of the Thinger.io adapter; the sections in comments are those of the reference."""
