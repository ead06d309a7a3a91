-- version: 1
-- description: What is wrong with a line of a Neuronpedia export before its other fields are looked at;
--   null for a sound one.
CREATE OR REPLACE MACRO export_line_problem(problem, line, "index", feature_id) AS
    CASE
        WHEN problem IS NOT NULL THEN problem
        WHEN json_object_problem(line) IS NOT NULL THEN json_object_problem(line)
        WHEN "index" IS NULL THEN 'missing field: index'
        WHEN feature_id IS NULL OR feature_id > 4294967295 THEN 'wrong type: index'
    END
