-- The plugin's table as 2.8 leaves it.
CREATE TABLE IF NOT EXISTS acme_storage (
    id uuid PRIMARY KEY,
    key text,
    value text,
    created_at timestamptz,
    ttl timestamptz,
    CONSTRAINT acme_storage_key_key UNIQUE (key)
);
