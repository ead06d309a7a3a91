-- version: 1
-- description: Per prompt its length, by the job that the tests add, and how many records it has
-- file: tables/{sae}/prompt_use.csv
-- order: prompt_id
-- column prompt_id: the prompt
-- column length: its characters
-- column records: records of the prompt
SELECT l.prompt_id, l.length, count(*) AS records
FROM analysis.prompt_lengths l
JOIN staging.activation_examples e ON e.prompt_id = l.prompt_id
GROUP BY l.prompt_id, l.length
