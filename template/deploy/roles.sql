-- Who works with the database: `service_owner`, who migrates, backs up and restores it, and `service`,
-- which reads and writes rows (service/roles.py says which). Neither administers the server.
-- Compose runs this where the database is new; elsewhere SECRETS names the folder of the passwords.
\set ON_ERROR_STOP on
\set app_password `cat "${SECRETS:-/run/secrets}/db_password"`
\set owner_password `cat "${SECRETS:-/run/secrets}/db_owner_password"`
CREATE ROLE service LOGIN PASSWORD :'app_password';
-- A restore makes a database beside, and ends what the service is at before they are exchanged.
CREATE ROLE service_owner LOGIN CREATEDB PASSWORD :'owner_password' IN ROLE service;
ALTER DATABASE :"DBNAME" OWNER TO service_owner;
