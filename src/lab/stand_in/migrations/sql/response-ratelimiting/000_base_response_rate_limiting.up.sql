-- The plugin's table as 2.8 leaves it.
CREATE TABLE IF NOT EXISTS response_ratelimiting_metrics (
    identifier text NOT NULL,
    period text NOT NULL,
    period_date timestamptz NOT NULL,
    service_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
    route_id uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
    value integer,
    PRIMARY KEY (identifier, period, period_date, service_id, route_id)
);
