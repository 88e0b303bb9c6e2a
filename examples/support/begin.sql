-- How each script here begins: it stops at an error, and does not say who connects. Each
-- \connect below it is another program, with a login role of its own: none of them may
-- what the others do. What is read from the audit is of this run: since :began.
\set ON_ERROR_STOP on
\set QUIET on
\pset footer off
\set SHOW_CONTEXT never
SELECT clock_timestamp() AS began \gset
