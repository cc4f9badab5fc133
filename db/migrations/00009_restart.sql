-- Restart is an operation, too.

-- +goose Up
ALTER TABLE operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (kind IN ('create', 'delete', 'stop', 'start', 'restart'));

-- +goose Down
-- An instance that was restarting is shown as it was before.
UPDATE instances SET state = 'running' WHERE state = 'restarting';
DELETE FROM operations WHERE kind = 'restart';
ALTER TABLE operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (kind IN ('create', 'delete', 'stop', 'start'));
