-- roles: which destinations hold copies for another attempt (retry), or what was given up (dead letters): as declared,
-- else by their names' endings.
WITH named AS (
    SELECT
        d.destination,
        EXISTS (SELECT 1 FROM declared AS p WHERE p.kind = 'retry' AND regexp_full_match(d.destination, p.pattern))
            AS declared_retry,
        EXISTS (SELECT 1 FROM declared AS p WHERE p.kind = 'dead-letter' AND regexp_full_match(d.destination, p.pattern))
            AS declared_dead_letter,
        regexp_matches(lower(d.destination), '[._-](retry|retry-[0-9]+)$')               AS ends_retry,
        regexp_matches(lower(d.destination), '[._-](dlq|dlt|dead-letter|dead-letters)$') AS ends_dead_letter
    FROM (SELECT DISTINCT destination FROM placed WHERE destination IS NOT NULL) AS d
)
SELECT
    destination,
    declared_retry OR (ends_retry AND NOT declared_dead_letter)       AS is_retry,
    declared_dead_letter OR (ends_dead_letter AND NOT declared_retry) AS is_dead_letter
FROM named
