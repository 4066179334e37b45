"""The forms that people fill in: one module for each platform's sign-in, and the options."""
