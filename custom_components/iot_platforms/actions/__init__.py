"""The actions, by what they are about."""
