-- The monitor: its shards, what it is told, and what it saw.

-- +goose Up
DROP TABLE health_checks;

-- The one row says whether the monitor as a whole is paused.
CREATE TABLE monitor (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    paused boolean NOT NULL DEFAULT false
);
INSERT INTO monitor DEFAULT VALUES;

-- Instances are divided among the shards that there are. Each is one workflow.
CREATE TABLE monitor_shards (
    shard       integer PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
    worker      text NOT NULL DEFAULT '', -- where it runs
    instances   integer NOT NULL DEFAULT 0,
    reported_at timestamptz, -- null before the first report
    kept_up_to  timestamptz NOT NULL DEFAULT now() -- every probe that was due before then was made
);

ALTER TABLE instances
    ADD COLUMN health_message text NOT NULL DEFAULT ''; -- why it is unhealthy or not known

-- Counts of probes, by the minute for the last hours and by the hour for
-- longer. Latencies are microseconds, of the probes that did not fail. There is
-- no foreign key, which would touch every instance's row once a minute: what is
-- left of an instance ages like the rest.
CREATE TABLE health_minutes (
    instance_id uuid NOT NULL,
    at          timestamptz NOT NULL, -- the minute's beginning
    probes      integer NOT NULL CHECK (probes > 0),
    failures    integer NOT NULL CHECK (failures BETWEEN 0 AND probes),
    latency_min integer NOT NULL,
    latency_max integer NOT NULL,
    latency_sum bigint NOT NULL,
    PRIMARY KEY (instance_id, at)
);
CREATE TABLE health_hours (LIKE health_minutes INCLUDING CONSTRAINTS, PRIMARY KEY (instance_id, at));
CREATE INDEX health_hours_age ON health_hours USING brin (at) WITH (pages_per_range = 32);

-- +goose Down
DROP TABLE health_hours;
DROP TABLE health_minutes;
ALTER TABLE instances DROP COLUMN health_message;
UPDATE instances SET health = 'unknown';
DROP TABLE monitor_shards;
DROP TABLE monitor;
CREATE TABLE health_checks (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    health      text NOT NULL CHECK (health IN ('healthy', 'unhealthy', 'unknown')),
    latency     interval, -- of the check's query; null when it got no answer
    message     text NOT NULL DEFAULT '',
    checked_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX health_checks_of_instance ON health_checks (instance_id, checked_at DESC);
CREATE INDEX health_checks_time ON health_checks USING brin (checked_at);
