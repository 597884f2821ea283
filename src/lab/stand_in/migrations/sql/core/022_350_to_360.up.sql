-- 3.6: data planes report their certificate.
ALTER TABLE clustering_data_planes ADD COLUMN IF NOT EXISTS cert_details jsonb;
