-- version: 1
-- description: How many aligned groups the explained features have; 12 stands for 12 and more.
SELECT least(num_aligned_groups, 12) AS groups, count(*) AS features
FROM master.explanation_alignment
GROUP BY least(num_aligned_groups, 12)
ORDER BY groups
