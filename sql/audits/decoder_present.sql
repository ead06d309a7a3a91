-- version: 2
-- description: There are decoder weights, so that every feature has its neighbours.
-- severity: warning
SELECT 'no decoder weights under raw/: ' || CASE
        WHEN EXISTS (FROM analysis.decoder_neighbours) THEN 'neighbours are those that the export tells'
        ELSE 'no feature has decoder neighbours, and interfeature_similarity has empty lists'
    END || '; put the SAE''s params.npz or .safetensors under raw/sae/' AS message
WHERE NOT EXISTS (SELECT 1 FROM _warehouse.files WHERE input = 'raw.decoder')
