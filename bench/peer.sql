-- Signed tokens as they are made with pgcrypto alone: HS256 by hmac(), claims by
-- jsonb.  Plain SQL functions, which PostgreSQL inlines.  This is what an
-- application writes that keeps to SQL: there is no key rotation, no algorithm
-- other than HS256, no audience, no revocation, and the comparison of the
-- signature takes as long as it has equal bytes.
CREATE EXTENSION pgcrypto;
CREATE SCHEMA peer;

CREATE FUNCTION peer.url_encode(data bytea) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT translate(encode(data, 'base64'), E'+/=\n', '-_') $$;

CREATE FUNCTION peer.url_decode(data text) RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT decode(rpad(translate(data, '-_', '+/'), (length(data) + 3) / 4 * 4, '='), 'base64') $$;

CREATE FUNCTION peer.sign(claims jsonb, secret text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
	SELECT i.input || '.' || peer.url_encode(hmac(i.input, secret, 'sha256'))
	FROM (SELECT peer.url_encode(convert_to('{"alg":"HS256","typ":"JWT"}', 'UTF8')) || '.' ||
				 peer.url_encode(convert_to(claims::text, 'UTF8'))) i (input)
$$;

-- the claims, or NULL
CREATE FUNCTION peer.verify(token text, secret text) RETURNS jsonb LANGUAGE sql STABLE AS
$$
	SELECT c.claims
	FROM (SELECT string_to_array(token, '.')) p (part),
		 LATERAL (SELECT convert_from(peer.url_decode(p.part[1]), 'UTF8')::jsonb,
						 convert_from(peer.url_decode(p.part[2]), 'UTF8')::jsonb) c (header, claims)
	WHERE cardinality(p.part) = 3
	  AND c.header ->> 'alg' = 'HS256'
	  AND p.part[3] = peer.url_encode(hmac(p.part[1] || '.' || p.part[2], secret, 'sha256'))
	  AND to_timestamp((c.claims ->> 'exp')::bigint) > now()
$$;
