"""Set up a Docker engine for the tests, with images made from this machine's package sources.

Nothing is pulled from an image registry: a test run needs no account, meets no rate limit, and
works behind a mirror. Standard library only, so that it runs before anything is installed.
"""
