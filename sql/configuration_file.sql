-- The configuration in a file: who may, what is refused, and what of it is told.  What comes
-- of it in another database is seen by test/t/280_configuration_file.pl.
\set SHOW_CONTEXT never
\set ec '-----BEGIN CERTIFICATE-----\nMIIBcDCCARWgAwIBAgIUVMTa3+GcsaEnUpPo9993W6ZRo7gwCgYIKoZIzj0EAwIw\nDTELMAkGA1UEAwwCZWMwHhcNMjYxMTI5MTYwMTA0WhcNMjYxMjA5MTYwMTA0WjAN\nMQswCQYDVQQDDAJlYzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHnHk3qN+fwE\nrdAHikdi8w0JPhzvKD9N4CxApI14OrBY6TmaF3tYRhY4EPnprs0AmZiOr8AAfknJ\n2ih4HFZcsIajUzBRMB0GA1UdDgQWBBTkvs8T4wVyBiF34p90tHKiPF7cNjAfBgNV\nHSMEGDAWgBTkvs8T4wVyBiF34p90tHKiPF7cNjAPBgNVHRMBAf8EBTADAQH/MAoG\nCCqGSM49BAMCA0kAMEYCIQDvkTFOwhmzcPvdLFpXTxK2HtkiuiIoVmwC6KECPZL2\n6gIhANWSpYP7txVc9yJ+nAKWeoU7Yafov1k0oNI9qLDPWhIr\n-----END CERTIFICATE-----\n'
\set small '-----BEGIN CERTIFICATE-----\nMIIB/DCCAWWgAwIBAgIUWobXL5AqLoE27rpjVUXjSdY5o58wDQYJKoZIhvcNAQEL\nBQAwEDEOMAwGA1UEAwwFc21hbGwwHhcNMjYxMTI5MTYwNTQ0WhcNMjYxMTMwMTYw\nNTQ0WjAQMQ4wDAYDVQQDDAVzbWFsbDCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkC\ngYEAtXxzaa5jh/2P3hjLhOAj6azL0rhVCaok6HS6CnENVbi5KWKZVF1vtmDdbaLC\n27VVjJEiM6TMZg/ANbC9Sc1QnbNyGRd1q5lqPHhS808xZkxRvYafvKIUHnsAg9CM\nJUNaC5F3GF814PkLRqMa+G2tQVREg/+aln8JwkxT7WLrQVkCAwEAAaNTMFEwHQYD\nVR0OBBYEFDQI2lauScP5qFafWT/euPWIHmlbMB8GA1UdIwQYMBaAFDQI2lauScP5\nqFafWT/euPWIHmlbMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEA\nPDtRZPL+V4UBRgQEUYYGcs0hR/ckDyvWh/mmcV6FrULcNjcJsV/Q/zYB6W1Gkulv\n+whlfluzIvCsUdPl8880F9bxc1LuZKjKtzy4Qj3nR2jrvtkpldN+HFzfy5NrwQg7\nd3Rvh4RkVQxOr3a69UEEMI09Mu0G0BWsxiStrEGbu7w=\n-----END CERTIFICATE-----\n'
\set ed '-----BEGIN CERTIFICATE-----\nMIIBLjCB4aADAgECAhR39PuL76kZlXbMD8H5s3iMezuBOzAFBgMrZXAwDTELMAkG\nA1UEAwwCZWQwHhcNMjYxMTI5MTYwNTQ0WhcNMjYxMTMwMTYwNTQ0WjANMQswCQYD\nVQQDDAJlZDAqMAUGAytlcAMhAL/u4V+FHkg1g4J5snNRHMQDkIcIakjTLf7qjY7K\npipko1MwUTAdBgNVHQ4EFgQUad5htjjk1ab+PLaPZMCqhNmul40wHwYDVR0jBBgw\nFoAUad5htjjk1ab+PLaPZMCqhNmul40wDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD\nQQBW+Wdx0aYfM9THuvPhvtsY8627PeCGnIXjdWmzu6CTOeK/o1Zo7gCaN44GPBOj\n45U/tI+PjrU/sZmueTwT0o8N\n-----END CERTIFICATE-----\n'

-- Attack shut out: an administrator who is no superuser exports to a certificate of his
-- own, and has the private keys that no role can read; or brings in keys that sign.
SET ROLE pgtoken_admin;
SELECT digest FROM pgtoken.export_configuration(:'ec');
SELECT * FROM pgtoken.import_configuration('', '');
SELECT * FROM pgtoken.open_configuration('', '');
SELECT * FROM pgtoken.configuration_rows();
RESET ROLE;

SELECT digest FROM pgtoken.export_configuration(NULL);
SELECT digest FROM pgtoken.export_configuration('');
SELECT digest FROM pgtoken.export_configuration('a certificate');
SELECT digest FROM pgtoken.export_configuration(left(:'ec', -40));
SELECT digest FROM pgtoken.export_configuration(:'ec' || left(:'ec', -40));
SELECT digest FROM pgtoken.export_configuration(repeat(:'ec', 17));
-- Attack shut out: a key that others can reckon.
SELECT digest FROM pgtoken.export_configuration(:'small');
SELECT digest FROM pgtoken.export_configuration(:'ec' || :'ed');
SELECT count(*) AS exported FROM pgtoken.audit_events WHERE event = 'configuration.exported';

SELECT sealed, digest FROM pgtoken.export_configuration(:'ec' || :'ec') \gset
SELECT :'sealed' ~ '^-----BEGIN CMS-----\n([A-Za-z0-9+/=]+\n)+-----END CMS-----\n$' AS pem, :'digest' ~ '^[A-Za-z0-9_-]{43}$' AS digest;
SELECT jsonb_array_length(detail -> 'recipients') AS recipients,
	   detail -> 'recipients' ->> 0 = encode(sha256(decode(regexp_replace(:'ec', '-----[A-Z ]+-----|\n', '', 'g'), 'base64')), 'hex') AS fingerprint,
	   detail ->> 'digest' = :'digest' AS digest, (detail ->> 'rows')::integer = (SELECT count(*) FROM pgtoken.configuration_rows()) AS rows
FROM pgtoken.audit_events WHERE event = 'configuration.exported';
-- all tables, in the order in which they are written, and no key that seals the audit
SELECT array_agg(DISTINCT r.table_name) @> '{issuers,key_material,signing_keys,clients}' AS tables, bool_and(r.place >= r.before) AS in_order
FROM (SELECT r.table_name, t.place, coalesce(lag(t.place) OVER (ORDER BY r.ordinality), 0) AS before
	  FROM pgtoken.configuration_rows() WITH ORDINALITY r
	  LEFT JOIN (SELECT c.table_name, c.ordinality FROM pgtoken.configuration_tables() WITH ORDINALITY c) t (table_name, place) USING (table_name)) r;
SELECT count(*) FROM pgtoken.configuration_rows() r WHERE r.material_id LIKE 'audit:%' OR (r.material_id IS NULL) = (r.table_name = 'key_material') OR r.content LIKE '%"material"%';

-- Attack shut out: a file that somebody else has sealed to the same certificate.  The
-- digest is that of the honest one; and that of the file alone, which its receiver could
-- take, is none.
SELECT sealed AS other FROM pgtoken.export_configuration(:'ec') \gset
SELECT * FROM pgtoken.import_configuration(:'other', :'digest');
SELECT encode(sha256(convert_to(:'sealed', 'UTF8')), 'hex') AS of_text,
	   encode(sha256(decode(regexp_replace(:'sealed', '-----[A-Z ]+-----|\n', '', 'g'), 'base64')), 'base64') AS of_der \gset
SELECT * FROM pgtoken.import_configuration(:'sealed', :'of_text');
SELECT * FROM pgtoken.import_configuration(:'sealed', rtrim(translate(:'of_der', '+/', '-_'), '='));
SELECT * FROM pgtoken.import_configuration(:'sealed', '');
-- truncated, changed, of another kind
SELECT * FROM pgtoken.import_configuration(left(:'sealed', 2000), :'digest');
SELECT * FROM pgtoken.import_configuration(overlay(:'sealed' PLACING CASE substr(:'sealed', 2000, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 2000), :'digest');
SELECT * FROM pgtoken.import_configuration('', :'digest');
SELECT * FROM pgtoken.import_configuration(:'ec', :'digest');
SELECT * FROM pgtoken.import_configuration(NULL, :'digest');
SELECT * FROM pgtoken.import_configuration(:'sealed', NULL);
SELECT * FROM pgtoken.import_configuration(:'sealed', :'digest', replace => NULL);
SELECT * FROM pgtoken.import_configuration(:'sealed', :'digest', dry_run => NULL);
-- the private key
SELECT * FROM pgtoken.import_configuration(:'sealed', :'digest');
SET pgtoken.configuration_key_file = '/nowhere/at/all';
SELECT * FROM pgtoken.import_configuration(:'sealed', :'digest');
SET pgtoken.configuration_key_file = '/dev/null';
SELECT * FROM pgtoken.import_configuration(:'sealed', :'digest');
RESET pgtoken.configuration_key_file;
SELECT count(*) AS imported FROM pgtoken.audit_events WHERE event = 'configuration.imported';
