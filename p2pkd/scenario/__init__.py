"""Scenarios: YAML to frozen, validated specifications."""
