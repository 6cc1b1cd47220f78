-- The role that queries run as: it can read these tables and nothing else.

DO $$
BEGIN
    CREATE ROLE prismiq_reader LOGIN;
EXCEPTION
    WHEN duplicate_object THEN NULL; -- roles belong to the server and outlive the database
END $$;
ALTER ROLE prismiq_reader SET default_transaction_read_only = on;

REVOKE ALL ON DATABASE nycflights13 FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE nycflights13 TO prismiq_reader;
GRANT USAGE ON SCHEMA public TO prismiq_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO prismiq_reader;
