-- version: 2
-- description: A row of a score file as every format of sql/macros/score_format/ gives it.
--   `problem` says why it is refused, `whole` that this is said of the file and not of one of its rows;
--   `value` is the row's number where it has one, `other` a second.
CREATE OR REPLACE MACRO scored_item(
    dialect, problem, whole, outcome, distance, activating, prediction, probability, number, other, details
) AS
    {
        'dialect': dialect::VARCHAR,
        'problem': problem::VARCHAR,
        'whole': whole::BOOLEAN,
        'outcome': outcome::VARCHAR,
        'distance': distance::DOUBLE,
        'activating': activating::BOOLEAN,
        'prediction': prediction::BOOLEAN,
        'probability': probability::DOUBLE,
        'value': number::DOUBLE,
        'other': other::DOUBLE,
        'details': details::VARCHAR
    }
