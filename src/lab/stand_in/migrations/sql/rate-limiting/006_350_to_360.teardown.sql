-- From here on an old node finds no Redis: this is the point of no return that 3.4 cannot cross back.
UPDATE plugins
SET config = config - ARRAY[
    'redis_ssl',
    'redis_host',
    'redis_port',
    'redis_timeout',
    'redis_database',
    'redis_password',
    'redis_username',
    'redis_ssl_verify',
    'redis_server_name'
]
WHERE name = 'rate-limiting' AND config ? 'redis';
