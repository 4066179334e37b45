"""One folder for each platform, behind the seam of ``base``."""
