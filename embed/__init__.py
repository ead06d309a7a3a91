"""Jobs: what SQL can't do. Texts → vectors, decoder weights → neighbours."""
