-- Whom a case concerns; the answer is read by cases/sight.py.

-- name: concerns
-- The process of a case, and the roles in which the case concerns somebody.
SELECT c.process, ARRAY(SELECT DISTINCT o.role FROM iehe.concerns o
                        WHERE o.case_id = c.case_id AND o.staff_id = $2) AS roles
FROM iehe.cases c WHERE c.case_id = $1 AND c.version > 0
