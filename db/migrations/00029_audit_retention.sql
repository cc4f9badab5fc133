-- The audit log stays append-only for everybody but the function below, which
-- removes the oldest entries alone.

-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('toygres.pruning', true) = 'audit' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE FUNCTION prune_audit(keep interval, most integer) RETURNS integer LANGUAGE plpgsql SET toygres.pruning = 'audit' AS $$
DECLARE
    last bigint;
    removed integer;
BEGIN
    IF keep < interval '1 hour' THEN
        RAISE EXCEPTION 'the audit log is kept for an hour at least';
    END IF;
    SELECT max(id) INTO last FROM (SELECT id, created_at FROM audit_log ORDER BY id LIMIT most) oldest
    WHERE created_at < now() - keep;
    IF last IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM audit_outcomes WHERE audit_id <= last;
    DELETE FROM audit_log WHERE id <= last;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION prune_audit;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
