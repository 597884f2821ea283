-- The plugin's table as 2.8 leaves it.
CREATE TABLE IF NOT EXISTS sessions (
    id uuid PRIMARY KEY,
    session_id text,
    expires integer,
    data text,
    created_at timestamptz,
    ttl timestamptz,
    CONSTRAINT sessions_session_id_key UNIQUE (session_id)
);
CREATE INDEX IF NOT EXISTS session_sessions_expires_idx ON sessions (expires);
CREATE INDEX IF NOT EXISTS sessions_ttl_idx ON sessions (ttl);
