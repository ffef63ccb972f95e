"""The pipelined executor: many requests share few connections, over psycopg's wrapper of libpq."""
