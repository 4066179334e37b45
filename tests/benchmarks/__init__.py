"""What the integration costs, next to what people use instead, all of it in the same run.

Seconds say little: machines differ. What counts are ratios between arms, and what the event loop
of a whole Home Assistant feels. Each run is a fresh process; servers are processes of their own.
"""
