-- version: 2
-- description: Neuronpedia batches that are zipped line by line have as many lines.
-- hint: one of them is torn: fetch both again
SELECT
    format(
        '"{}" has {} lines and "{}" has {}: they are read line by line together', a.name, a.records, i.name, i.records
    ) AS message
FROM _warehouse.files a
JOIN _warehouse.files i ON i.input = 'raw.activation_ids' AND regexp_replace(i.name, '([^/]+)$', 'v2/\1') = a.name
JOIN staging.file_counts c ON c.file = a.name
WHERE a.records <> i.records
ORDER BY a.name
