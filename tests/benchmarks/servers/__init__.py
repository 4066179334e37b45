"""The servers that the arms talk to, each a process of its own. One module for each."""

from importlib import import_module

from .base import Serve


def find_server(name: str) -> Serve:
    """Return what runs a server, named ``module:function``; only its own module is imported."""
    module, _, function = name.partition(":")
    serve: Serve = getattr(import_module(f"{__package__}.{module}"), function)
    return serve
