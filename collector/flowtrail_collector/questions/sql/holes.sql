-- holes: numbers of an instance whose spans never arrived, one row per hole. What a hole hides had been recorded by
-- `until_ns`, on the instance's own clock: by then it had recorded a span with a higher number. Null: not known. The
-- numbers on either side of it, `after_number` and `before_number`, arrived.
WITH in_order AS (
    SELECT
        coalesce(instance, 'service ' || service) AS who, first_number, last_number, recorded_ns, last_ns,
        max(last_number) OVER (
            PARTITION BY coalesce(instance, 'service ' || service) ORDER BY first_number, last_number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM number_rows
),
islands AS (
    SELECT
        *,
        sum(CASE WHEN first_number > coalesce(reached, 0) + 1 THEN 1 ELSE 0 END) OVER (
            PARTITION BY who ORDER BY first_number, last_number ROWS UNBOUNDED PRECEDING
        ) AS island
    FROM in_order
),
runs AS (
    SELECT who, island, min(first_number) AS first_number, max(last_number) AS last_number,
        arg_min(recorded_ns, first_number) AS recorded_ns, arg_max(last_ns, last_number) AS last_ns
    FROM islands
    GROUP BY who, island
),
before AS (
    SELECT
        *,
        coalesce(lag(last_number) OVER (PARTITION BY who ORDER BY island), 0) AS after_number,
        lag(last_ns) OVER (PARTITION BY who ORDER BY island)                 AS from_ns
    FROM runs
)
SELECT who, after_number, first_number AS before_number, first_number - after_number - 1 AS missing, from_ns,
    -- A clock that was set back in between tells nothing.
    CASE WHEN from_ns > recorded_ns THEN NULL ELSE recorded_ns END AS until_ns
FROM before
WHERE first_number > after_number + 1
