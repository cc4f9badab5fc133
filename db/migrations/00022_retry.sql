-- An operation says which one it tries again, and a step who has carried it out.

-- +goose Up
ALTER TABLE operations
    ADD COLUMN retry_of uuid REFERENCES operations ON DELETE SET NULL; -- null: it is the first try
CREATE INDEX operations_retries ON operations (retry_of) WHERE retry_of IS NOT NULL;
ALTER TABLE steps
    ADD COLUMN worker text NOT NULL DEFAULT '', -- that ran the last attempt, as Temporal knows it
    ADD COLUMN build text NOT NULL DEFAULT '';  -- its release

-- +goose Down
ALTER TABLE steps
    DROP COLUMN worker,
    DROP COLUMN build;
ALTER TABLE operations
    DROP COLUMN retry_of;
