"""Drivers that run steps in containers: `docker` (per step or per run) and `docker-session`."""
