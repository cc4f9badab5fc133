-- What kinds of operations and types of events there are is the program's to
-- say; a list here as well was one more place to change with each.

-- +goose Up
ALTER TABLE operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (length(kind) BETWEEN 1 AND 64);
ALTER TABLE events
    DROP CONSTRAINT events_type_check,
    ADD CONSTRAINT events_type_check CHECK (length(type) BETWEEN 1 AND 64);

-- +goose Down
ALTER TABLE operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (kind IN ('create', 'delete', 'stop', 'start', 'restart', 'resize'));
ALTER TABLE events
    DROP CONSTRAINT events_type_check,
    ADD CONSTRAINT events_type_check CHECK (type IN ('instance.state', 'operation.started', 'operation.ended',
                                                     'operation.cancel', 'step.started', 'step.progress',
                                                     'step.succeeded', 'step.failed', 'password.revealed'));
