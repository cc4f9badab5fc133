-- What is deleted stays in the trash for a while, stopped and with its data, and
-- keeps its name: it can be brought back as it was.

-- +goose Up
ALTER TABLE instances
    DROP CONSTRAINT instances_state_check,
    ADD CONSTRAINT instances_state_check CHECK (state IN ('creating', 'running', 'stopping', 'stopped', 'starting', 'restarting',
                                                          'updating', 'deleting', 'trashed', 'deleted', 'failed')),
    ADD COLUMN purge_at timestamptz, -- when it is removed for good; from the request to trash it until it has left the trash
    ADD COLUMN trashed_from text NOT NULL DEFAULT '' -- what it was before; '' unless it is in the trash
        CHECK (trashed_from IN ('', 'running', 'stopped', 'failed'));
ALTER TABLE operations
    DROP CONSTRAINT operations_previous_state_check,
    ADD CONSTRAINT operations_previous_state_check CHECK (previous_state IN ('', 'running', 'stopped', 'failed', 'trashed'));
CREATE INDEX instances_due ON instances (purge_at) WHERE state = 'trashed';

-- +goose Down
-- Without a trash nothing is hidden: what is in it is stopped, with its data.
DELETE FROM operations WHERE previous_state = 'trashed' OR kind IN ('trash', 'undelete');
UPDATE instances SET state = 'stopped' WHERE state = 'trashed';
DROP INDEX instances_due;
ALTER TABLE operations
    DROP CONSTRAINT operations_previous_state_check,
    ADD CONSTRAINT operations_previous_state_check CHECK (previous_state IN ('', 'running', 'stopped', 'failed'));
ALTER TABLE instances
    DROP COLUMN purge_at,
    DROP COLUMN trashed_from,
    DROP CONSTRAINT instances_state_check,
    ADD CONSTRAINT instances_state_check CHECK (state IN ('creating', 'running', 'stopping', 'stopped', 'starting', 'restarting',
                                                          'updating', 'deleting', 'deleted', 'failed'));
