-- version: 1
-- description: Every node that was built and what it reads; audits are left out.
SELECT node, kind, version, rows, seconds, json_keys(parents) AS parents
FROM _warehouse.nodes
WHERE kind <> 'audit'
ORDER BY node
