-- What exists, as far as the catalog knows. A deleted instance stays as a
-- record; its name is free again.

-- +goose Up
CREATE TABLE instances (
    id             uuid PRIMARY KEY,
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 40 AND name ~ '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'),
    owner_id       uuid NOT NULL REFERENCES users,
    version        integer NOT NULL CHECK (version BETWEEN 15 AND 18),
    cpu_millis     integer NOT NULL CHECK (cpu_millis BETWEEN 100 AND 128000),
    memory_mib     integer NOT NULL CHECK (memory_mib BETWEEN 128 AND 1048576),
    storage_gib    integer NOT NULL CHECK (storage_gib BETWEEN 1 AND 16384),
    image_type     text NOT NULL CHECK (image_type IN ('stock', 'pg_durable')),
    provider       text NOT NULL CHECK (provider <> ''),
    state          text NOT NULL CHECK (state IN ('creating', 'running', 'stopping', 'stopped', 'starting',
                                                  'restarting', 'updating', 'deleting', 'deleted', 'failed')),
    health         text NOT NULL DEFAULT 'unknown' CHECK (health IN ('healthy', 'unhealthy', 'unknown')),
    endpoint_host  text NOT NULL DEFAULT '',
    endpoint_port  integer NOT NULL DEFAULT 0 CHECK (endpoint_port BETWEEN 0 AND 65535),
    server_version text NOT NULL DEFAULT '',
    message        text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CHECK ((endpoint_host = '') = (endpoint_port = 0))
);

CREATE UNIQUE INDEX instances_living_name ON instances (name) WHERE state <> 'deleted';
-- Operations are also looked up by the name of an instance that is gone.
CREATE INDEX instances_name ON instances (name);
-- Pages are read along this one. Search by a part of the name filters while
-- it walks: 10,000 names take about a millisecond, and pg_trgm, which would be
-- the index for it, is not to be had everywhere.
CREATE INDEX instances_living_newest ON instances (created_at DESC, id DESC) WHERE state <> 'deleted';
CREATE INDEX instances_unsettled ON instances (updated_at) WHERE state IN ('stopping', 'starting', 'restarting');
CREATE INDEX instances_owner ON instances (owner_id);

-- +goose Down
DROP TABLE instances;
