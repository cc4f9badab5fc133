-- Resize is an operation, too, and keeps what was asked for until it is done.

-- +goose Up
ALTER TABLE operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (kind IN ('create', 'delete', 'stop', 'start', 'restart', 'resize')),
    ADD COLUMN cpu_millis integer NOT NULL DEFAULT 0 CHECK (cpu_millis >= 0), -- 0 but for a resize
    ADD COLUMN memory_mib integer NOT NULL DEFAULT 0 CHECK (memory_mib >= 0),
    ADD COLUMN storage_gib integer NOT NULL DEFAULT 0 CHECK (storage_gib >= 0);

-- +goose Down
-- An instance that was resizing is shown as it was before.
UPDATE instances SET state = o.previous_state
FROM operations o
WHERE o.instance_id = instances.id AND o.kind = 'resize' AND o.state IN ('pending', 'running') AND instances.state = 'updating';
DELETE FROM operations WHERE kind = 'resize';
ALTER TABLE operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (kind IN ('create', 'delete', 'stop', 'start', 'restart')),
    DROP COLUMN cpu_millis,
    DROP COLUMN memory_mib,
    DROP COLUMN storage_gib;
