/* How do features fall into groups by a threshold? Two thresholds, three groups, of one explainer judged by one scorer. */
SELECT group_index, low, high, num_features, feature_ids
FROM analysis.feature_groups([0.8, 0.9], 'fuzz', explainer := 'llama', scorer := 'gwen')
