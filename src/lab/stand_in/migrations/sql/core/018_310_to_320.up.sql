-- 3.2: a plugin may have a name of its own.
ALTER TABLE plugins ADD COLUMN IF NOT EXISTS instance_name text;
DO $$
BEGIN
    ALTER TABLE plugins ADD CONSTRAINT plugins_ws_id_instance_name_unique UNIQUE (ws_id, instance_name);
EXCEPTION
    WHEN duplicate_table THEN NULL;
END $$;
