"""The WebSocket: sessions, subscriptions, and what is pushed on them (thingsboard.md 11)."""
