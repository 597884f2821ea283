-- What `bootstrap` makes before the first migration: the record of migrations, and the lock that guards it.
CREATE TABLE IF NOT EXISTS schema_meta (
    key text NOT NULL,
    subsystem text NOT NULL,
    last_executed text,
    executed text[],
    pending text[],
    PRIMARY KEY (key, subsystem)
);

CREATE TABLE IF NOT EXISTS locks (
    key text PRIMARY KEY,
    owner text,
    ttl timestamptz
);
CREATE INDEX IF NOT EXISTS locks_ttl_idx ON locks (ttl);
