-- version: 1
-- description: The nodes whose last run took longest, whichever build that was.
SELECT node, kind, rows, seconds
FROM _warehouse.nodes
WHERE seconds IS NOT NULL
ORDER BY seconds DESC, node
LIMIT 15
