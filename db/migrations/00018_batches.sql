-- Many instances asked for at once. What is done to each is an operation of its
-- own, whose id is chosen when the batch is recorded: it has been begun if there
-- is such an operation, so nothing is begun twice and nothing has to be kept in
-- step.

-- +goose Up
CREATE TABLE batches (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64), -- of its operations
    state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
    run_id       text NOT NULL DEFAULT '', -- Temporal's
    keep         interval NOT NULL DEFAULT '0', -- in the trash, for a trash
    requested_by uuid NOT NULL REFERENCES users,
    cancel_asked boolean NOT NULL DEFAULT false,
    error_code   text NOT NULL DEFAULT '', -- why it ended before all had had their turn
    error        text NOT NULL DEFAULT '',
    told_at      timestamptz NOT NULL DEFAULT now(), -- when its progress was last an event
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    ended_at     timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))
);
CREATE INDEX batches_newest ON batches (created_at DESC, id DESC);
CREATE INDEX batches_unfinished ON batches (created_at) WHERE state IN ('pending', 'running');

-- The state is of use once there is no operation to have one, or the batch is
-- over: operations are not kept for ever.
CREATE TABLE batch_items (
    batch_id     uuid NOT NULL REFERENCES batches ON DELETE CASCADE,
    position     integer NOT NULL CHECK (position > 0),
    name         text NOT NULL,
    spec         jsonb, -- of a create
    instance_id  uuid, -- who had the name when another thing than a create was asked for
    operation_id uuid NOT NULL UNIQUE,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    error_code   text NOT NULL DEFAULT '',
    error        text NOT NULL DEFAULT '',
    PRIMARY KEY (batch_id, position)
);

ALTER TABLE idempotency_keys
    ALTER COLUMN operation_id DROP NOT NULL,
    ADD COLUMN batch_id uuid REFERENCES batches ON DELETE CASCADE,
    ADD CHECK (num_nonnulls(operation_id, batch_id) = 1);
CREATE INDEX idempotency_keys_batch ON idempotency_keys (batch_id) WHERE batch_id IS NOT NULL;

-- Facts about a batch are about no single instance.
ALTER TABLE events
    ALTER COLUMN instance_id DROP NOT NULL,
    ADD COLUMN batch_id uuid;

-- +goose Down
ALTER TABLE events DISABLE TRIGGER events_append_only;
DELETE FROM events WHERE instance_id IS NULL;
ALTER TABLE events ENABLE TRIGGER events_append_only;
ALTER TABLE events
    ALTER COLUMN instance_id SET NOT NULL,
    DROP COLUMN batch_id;
DELETE FROM idempotency_keys WHERE operation_id IS NULL;
ALTER TABLE idempotency_keys
    ALTER COLUMN operation_id SET NOT NULL,
    DROP COLUMN batch_id;
DROP TABLE batch_items;
DROP TABLE batches;
