-- version: 1
-- description: The build that made what is published. A build runs only what changed, so most nodes
--   may be of earlier ones.
SELECT
    b.build_id,
    b.started,
    date_diff('millisecond', b.started, b.finished) / 1000 AS seconds,
    b.version,
    b.engine,
    (SELECT count(*) FROM _warehouse.build_nodes n WHERE n.build_id = b.build_id AND n.action = 'run') AS ran,
    (SELECT count(*) FROM _warehouse.builds) AS builds
FROM _warehouse.builds b
ORDER BY b.started DESC
LIMIT 1
