"""The SAE feature warehouse: raw SAE experiments in, analysis-ready parquet files out."""

__version__ = "0.1.0"
