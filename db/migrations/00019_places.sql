-- Only so many instances are made at a time. An operation that makes one has its
-- place for as long as it is in progress, whichever worker carries it out.

-- +goose Up
ALTER TABLE operations
    ADD COLUMN queued_at timestamptz,   -- since when it wants a place; null for all that need none
    ADD COLUMN admitted_at timestamptz; -- since when it has one
CREATE INDEX operations_in_line ON operations (queued_at) WHERE state = 'running' AND queued_at IS NOT NULL;

-- +goose Down
ALTER TABLE operations
    DROP COLUMN queued_at,
    DROP COLUMN admitted_at;
