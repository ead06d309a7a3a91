-- version: 1
-- description: Whether a feature is in scope; `ranges` are [first, last] pairs, none means all.
CREATE OR REPLACE MACRO in_scope(id, ranges) AS
    len(ranges) = 0
    OR len(list_filter(ranges::BIGINT[][], lambda r: id BETWEEN r[1] AND r[2])) > 0
