"""What every platform has in common, as pure data: no I/O, no Home Assistant."""
