-- What has been kept for long enough is removed, with a log of that.

-- +goose Up
CREATE TABLE retention_runs (
    id         uuid PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    keep       jsonb NOT NULL CHECK (jsonb_typeof(keep) = 'object'),                  -- seconds, by kind
    removed    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(removed) = 'object'), -- records, by kind
    error      text NOT NULL DEFAULT ''
);
CREATE INDEX retention_runs_newest ON retention_runs (started_at DESC, id DESC);
CREATE INDEX operations_ended ON operations (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX instances_deleted ON instances (updated_at) WHERE state = 'deleted';

-- Up to which event all are gone: who resumes from before it has missed some.
CREATE TABLE pruned_events (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    through  bigint NOT NULL
);
INSERT INTO pruned_events (through) VALUES (0);

-- Events stay append-only for everybody but the function below, which removes
-- the oldest alone.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('toygres.pruning', true) = 'events' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- The newest event stays, so that the catalog knows how far it has counted.
CREATE FUNCTION prune_events(keep interval, most integer) RETURNS integer LANGUAGE plpgsql SET toygres.pruning = 'events' AS $$
DECLARE
    last bigint;
    removed integer;
BEGIN
    IF keep < interval '1 hour' THEN
        RAISE EXCEPTION 'events are kept for an hour at least';
    END IF;
    SELECT max(id) INTO last FROM (SELECT id, created_at FROM events ORDER BY id LIMIT most) oldest
    WHERE created_at < now() - keep AND id < (SELECT max(id) FROM events);
    IF last IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE pruned_events SET through = greatest(through, last);
    DELETE FROM events WHERE id <= last;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION prune_events;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
DROP TABLE pruned_events;
DROP INDEX instances_deleted;
DROP INDEX operations_ended;
DROP TABLE retention_runs;
