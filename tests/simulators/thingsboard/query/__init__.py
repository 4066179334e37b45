"""Questions over many entities at once (thingsboard.md 7, 11.8): parsed, answered, paged."""
