"""Maintenance windows, without tickets."""
