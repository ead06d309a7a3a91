-- version: 1
-- description: How often each feature fires by SAELens' sparsity.safetensors: log10 of its share of the
--   tokens.
-- key: file, feature_id
-- column density: share of the tokens that it fires on
SELECT file, line, problem AS reason, feature_id, pow(10, log_sparsity) AS density
FROM raw.sparsity
