-- version: 1
-- description: The one row of a score file that is no array of objects.
CREATE OR REPLACE MACRO unreadable_scores(content) AS
    [scored_item(NULL, json_file_problem(content), true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)]
