-- version: 2
-- description: The windows that a latent fires in, cut as the run cut them for its explainer and scorers,
--   by their largest activation. Which of equal ones comes first is not told: it has no meaning.
-- key: feature_id, rank
-- argument window: tokens of a window; 0 where the run does not tell
-- column num_windows: of the latent
-- column rank: 0-based, the strongest first
WITH windows AS (
    SELECT
        feature_id,
        prompt_id,
        position // $window AS place,
        max(activation) AS max_activation
    FROM part.entries
    WHERE $window > 0
    GROUP BY feature_id, prompt_id, place
)

SELECT
    feature_id,
    max_activation,
    count(*) OVER (PARTITION BY feature_id) AS num_windows,
    row_number() OVER (PARTITION BY feature_id ORDER BY max_activation DESC, prompt_id, place) - 1 AS rank
FROM windows
