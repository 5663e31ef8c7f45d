"""Optimisers as functions of rows."""
