-- version: 1
-- description: The positions of shared n-grams lie inside of their prompts.
WITH places AS (
    SELECT 'shared_ngrams' AS relation, feature_id, kind, unnest(places) AS place
    FROM analysis.shared_ngrams
    UNION ALL
    SELECT 'pair_ngrams' AS relation, feature_id, kind, unnest(list_concat(places, neighbour_places)) AS place
    FROM analysis.pair_ngrams
)

SELECT l.relation, l.feature_id, l.kind, l.place.prompt_id AS prompt_id, l.place.position AS position
FROM places l
LEFT JOIN staging.prompts p ON p.prompt_id = l.place.prompt_id
WHERE p.prompt_id IS NULL
    OR NOT l.place.position BETWEEN 0 AND least(p.num_tokens, 65536) - 1
