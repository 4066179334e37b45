"""How bytes travel: HTTP, WebSocket, server-sent events, tokens. Session and clock are injected."""
