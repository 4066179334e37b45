"""How fast the integration is, next to what people use instead, in the same run.

Seconds say little: machines differ. What is shown are ratios.
"""
