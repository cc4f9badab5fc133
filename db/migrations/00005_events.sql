-- What happened: append-only, numbered in the order of commit.

-- +goose Up
CREATE SEQUENCE events_id;

-- No foreign keys: a fact stays true after the thing it tells of is gone, and
-- it keeps the name the instance had.
CREATE TABLE events (
    id            bigint PRIMARY KEY,
    type          text NOT NULL CHECK (type IN ('instance.state', 'operation.started', 'operation.ended',
                                                'operation.cancel', 'step.started', 'step.progress',
                                                'step.succeeded', 'step.failed', 'password.revealed')),
    instance_id   uuid NOT NULL,
    instance_name text NOT NULL,
    operation_id  uuid,
    actor         uuid, -- null: Toygres itself
    message       text NOT NULL,
    data          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    created_at    timestamptz NOT NULL
);

ALTER SEQUENCE events_id OWNED BY events.id;
CREATE INDEX events_of_instance ON events (instance_id, id);
CREATE INDEX events_of_operation ON events (operation_id, id) WHERE operation_id IS NOT NULL;

-- Readers resume after the last id they saw. A plain sequence hands numbers
-- out before commit: 8 could become visible before 7, and a reader that had
-- seen 8 would never be shown 7. So the number is taken under a lock that is
-- held until after the commit is visible. Statements insert events last, so
-- that the lock is held for little more than the commit itself. It also means
-- that nothing may wait for a row lock after its first event: deadlock.
-- The lock's key is "events" in ASCII.
-- +goose StatementBegin
CREATE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'6576656e7473'::bigint);
    NEW.id := nextval('events_id');
    NEW.created_at := clock_timestamp();
    PERFORM pg_notify('toygres_events', NEW.id::text);
    RETURN NEW;
END
$$;

CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER events_numbered BEFORE INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION number_event();
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();

-- +goose Down
DROP TABLE events;
DROP FUNCTION number_event;
DROP FUNCTION refuse_event_change;
