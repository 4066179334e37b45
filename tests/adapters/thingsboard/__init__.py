"""Tests of the ThingsBoard adapter against its simulator."""
