-- 3.5: data planes carry labels.
ALTER TABLE clustering_data_planes ADD COLUMN IF NOT EXISTS labels jsonb;
