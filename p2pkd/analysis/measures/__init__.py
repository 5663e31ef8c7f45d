"""What runs come to, as tables and numbers: a function of one run, or of many."""
