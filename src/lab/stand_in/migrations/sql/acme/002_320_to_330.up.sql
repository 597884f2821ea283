-- 3.3: expired rows are found by an index.
CREATE INDEX IF NOT EXISTS acme_storage_ttl_idx ON acme_storage (ttl);
