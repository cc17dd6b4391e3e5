-- The types of the steps that made assets: one look at the index for each of them, however many assets there are.
WITH RECURSIVE types AS (
    SELECT min(step_type) AS step_type FROM platform.assets
    UNION ALL
    SELECT (SELECT min(step_type) FROM platform.assets WHERE step_type > types.step_type)
    FROM types WHERE types.step_type IS NOT NULL
)
SELECT step_type FROM types WHERE step_type IS NOT NULL
