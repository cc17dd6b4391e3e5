-- Returns the distinct step types of assets by one index lookup per type (loose index scan).
WITH RECURSIVE types AS (
    SELECT min(step_type) AS step_type FROM platform.assets
    UNION ALL
    SELECT (SELECT min(step_type) FROM platform.assets WHERE step_type > types.step_type)
    FROM types WHERE types.step_type IS NOT NULL
)
SELECT step_type FROM types WHERE step_type IS NOT NULL
