-- version: 1
-- description: The largest activation of each activating example that a scorer judged, where it is known
--   which windows the explainer saw.
-- files: staging.drawn_files
-- key: file, line
SELECT
    file,
    unnest(range(1, len(items) + 1)) AS line,
    unnest(list_transform(items, lambda i: list_max(i.activations)))::FLOAT AS max_activation
FROM (
    SELECT file, TRY(from_json(text, '[{"activations": ["DOUBLE"]}]')) AS items
    FROM raw.scores s
    SEMI JOIN staging.drawn_files d ON d.file = s.file
    WHERE problem IS NULL
)
