-- What is set of an instance's server can be changed: its parameters, and who
-- may come. An update keeps what was asked for until it is done.

-- +goose Up
ALTER TABLE instances
    ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object');
ALTER TABLE operations
    ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}', -- {} but for an update
    ADD COLUMN allowed_cidrs text[] NOT NULL DEFAULT '{}';

-- +goose Down
-- An instance that was being updated is shown as it was before.
UPDATE instances SET state = o.previous_state
FROM operations o
WHERE o.instance_id = instances.id AND o.kind = 'update' AND o.state IN ('pending', 'running') AND instances.state = 'updating';
DELETE FROM operations WHERE kind = 'update';
ALTER TABLE instances DROP COLUMN parameters;
ALTER TABLE operations
    DROP COLUMN parameters,
    DROP COLUMN allowed_cidrs;
