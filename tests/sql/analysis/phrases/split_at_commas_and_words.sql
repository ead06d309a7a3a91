-- SPEC.md 3: split at commas and at the whole words and, or, but in any case; trimmed; empties dropped. "band" holds "and" and is whole.
-- B's explanation ties with A's in a phrase; C's is nothing but separators: no phrase, no null.
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR, text VARCHAR
(1, 0, 'A', 'The band, AND  jury or , but court'), (1, 1, 'B', 'jury'), (1, 2, 'C', ' and , or'),
-- expect: feature_id, explainer_order, explainer, chunk_index, phrase_order, text_key::VARCHAR, text
(1, 0, 'A', 0, 0, md5('The band')::UUID::VARCHAR, 'The band'), (1, 0, 'A', 1, 1, md5('jury')::UUID::VARCHAR, 'jury'),
(1, 0, 'A', 2, 2, md5('court')::UUID::VARCHAR, 'court'), (1, 1, 'B', 0, 3, md5('jury')::UUID::VARCHAR, 'jury'),
