-- What users asked for, and how far it has got.

-- +goose Up
CREATE TABLE operations (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('create', 'delete', 'stop', 'start')),
    instance_id    uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    state          text NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
    previous_state text NOT NULL DEFAULT '' -- the instance's, where it goes back to; '' for create
        CHECK (previous_state IN ('', 'running', 'stopped', 'failed')),
    workflow_id    text NOT NULL DEFAULT '', -- '' for operations without a workflow
    run_id         text NOT NULL DEFAULT '',
    requested_by   uuid NOT NULL REFERENCES users,
    cancel_asked   boolean NOT NULL DEFAULT false,
    error_code     text NOT NULL DEFAULT '',
    error          text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    ended_at       timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))
);

-- One operation at a time per instance, whoever asks.
CREATE UNIQUE INDEX operations_in_progress ON operations (instance_id) WHERE state IN ('pending', 'running');
CREATE INDEX operations_unfinished ON operations (state, created_at) WHERE state IN ('pending', 'running');
CREATE INDEX operations_of_instance ON operations (instance_id, created_at DESC, id DESC);
CREATE INDEX operations_newest ON operations (created_at DESC, id DESC);
CREATE INDEX operations_by_state ON operations (state, created_at DESC, id DESC);

CREATE TABLE steps (
    operation_id  uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    position      integer NOT NULL CHECK (position > 0),
    state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'skipped')),
    attempt       integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    message       text NOT NULL DEFAULT '',
    error         text NOT NULL DEFAULT '',
    started_at    timestamptz,
    ended_at      timestamptz,
    next_retry_at timestamptz,
    PRIMARY KEY (operation_id, name)
);

-- +goose Down
DROP TABLE steps;
DROP TABLE operations;
