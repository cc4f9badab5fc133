-- What the monitor saw of each instance.

-- +goose Up
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

-- +goose Down
DROP TABLE health_checks;
