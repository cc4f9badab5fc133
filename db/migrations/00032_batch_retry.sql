-- A batch says which one it tries again, and each of its items which operation.

-- +goose Up
ALTER TABLE batches
    ADD COLUMN retry_of uuid UNIQUE REFERENCES batches ON DELETE SET NULL; -- null: it is the first try
ALTER TABLE batch_items
    ADD COLUMN retry_of uuid; -- null: there was no operation, so it begins as a first one does

-- +goose Down
ALTER TABLE batch_items
    DROP COLUMN retry_of;
ALTER TABLE batches
    DROP COLUMN retry_of;
