-- version: 2
-- description: Every record that a file was cut into is in a table.
-- hint: a file changed while it was read: build again
SELECT f.name AS file, f.records AS records_read, coalesce(c.records, 0) AS records_staged
FROM _warehouse.files f
LEFT JOIN staging.file_counts c ON c.file = f.name
WHERE f.input <> 'raw.activation_ids' AND f.records <> coalesce(c.records, 0)
