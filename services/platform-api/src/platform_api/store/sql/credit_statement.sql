-- Returns a page of one user's ledger, newest first, with the balance after each line, and the current balance.
-- One statement, so that all values come from one snapshot: the balance after a line is the current balance minus all
-- newer changes. Rows are compared and ordered as in keyset/pagination.py, for the reason given there.
-- Returns no row if the user is unknown, and one row without a line if the page is empty.
WITH ledger AS NOT MATERIALIZED (
    SELECT l.*, CASE l.kind
        WHEN 'grant' THEN l.amount_mc
        WHEN 'release' THEN l.amount_mc
        WHEN 'capture' THEN 0
        ELSE -l.amount_mc
    END AS change_mc
    FROM platform.credit_ledger AS l
), page AS (
    SELECT * FROM ledger
    WHERE (user_id, id) >= (CAST(:user_id AS uuid), 0)
        AND (user_id, id) < (CAST(:user_id AS uuid), coalesce(CAST(:before AS bigint), 9223372036854775807))
    ORDER BY user_id DESC, id DESC
    LIMIT :lines
), newer AS MATERIALIZED (
    SELECT coalesce(sum(change_mc), 0) AS change_mc FROM ledger
    WHERE user_id = CAST(:user_id AS uuid) AND id >= CAST(:before AS bigint)
), reserved AS MATERIALIZED (
    SELECT coalesce(sum(price_mc - charged_mc), 0) AS amount_mc FROM platform.jobs
    WHERE user_id = CAST(:user_id AS uuid) AND status IN ('queued', 'delayed', 'running')
)
SELECT
    u.balance_mc AS balance_now_mc,
    CAST(reserved.amount_mc AS bigint) AS reserved_mc,
    CAST(u.balance_mc - newer.change_mc - coalesce(
        sum(page.change_mc) OVER (ORDER BY page.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0
    ) AS bigint) AS balance_mc,
    page.id, page.kind, page.amount_mc, page.change_mc, page.job_id, page.run, page.item, page.note, page.created_at
FROM platform.users AS u
CROSS JOIN newer
CROSS JOIN reserved
LEFT JOIN page ON page.user_id = u.id
WHERE u.id = CAST(:user_id AS uuid)
ORDER BY page.id DESC
