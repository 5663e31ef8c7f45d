"""What a run leaves behind: record tables in Parquet, a fingerprint, a manifest."""
