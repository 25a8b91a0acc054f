-- What operations/recovery.py needs besides: to copy the server and its log, and to end a piece of it.
ALTER ROLE service_owner REPLICATION;
\connect postgres
GRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_create_restore_point(text) TO service_owner;
