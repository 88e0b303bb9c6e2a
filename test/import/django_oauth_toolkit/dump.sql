-- Made by test/import/dump: see test/import/django_oauth_toolkit/README.md
CREATE SCHEMA django_oauth_toolkit;
CREATE TABLE django_oauth_toolkit.auth_user (id integer, username varchar(150), email varchar(254), is_active boolean);
COPY django_oauth_toolkit.auth_user (id, username, email, is_active) FROM stdin;
1	ada	ada@example.com	t
2	ben	ben@example.com	t
3	eve	eve@example.com	t
4	off	off@example.com	f
\.
CREATE TABLE django_oauth_toolkit.oauth2_provider_application (id bigint, client_id varchar(255), redirect_uris text, client_type varchar(32), authorization_grant_type varchar(44), client_secret varchar(255), name varchar(255), user_id integer, skip_authorization boolean, created timestamptz, updated timestamptz, algorithm varchar(5), post_logout_redirect_uris text, allowed_origins text, hash_client_secret boolean);
COPY django_oauth_toolkit.oauth2_provider_application (id, client_id, redirect_uris, client_type, authorization_grant_type, client_secret, name, user_id, skip_authorization, created, updated, algorithm, post_logout_redirect_uris, allowed_origins, hash_client_secret) FROM stdin;
1	5WN7b7j8g0rYl0XxOsiZvYVjirYpCen4iduMKa0v	https://app.example.org/callback https://app.example.org/other	confidential	authorization-code	pbkdf2_sha256$1000000$hnPpstAteXB1AgBmIkXFzE$N0o5gUeC68hPK6dqiiWFuqVv9hKx+Ki77MlYvM8uS2k=	web	\N	f	2026-11-29 12:25:04.011685+00	2026-11-29 12:25:04.011713+00				t
2	GuSJrJu4273YJrsLCopPbNS5RkyfvD2GlTA4aqQC	https://app.example.org/callback https://app.example.org/other	public	authorization-code	pbkdf2_sha256$1000000$Gt32Jps09fV4Rp9JAfhk8n$JeIuFDah8Wbou/NmYxPgF8JV/Ypei1VzS0ZxN4n/cjU=	native	\N	f	2026-11-29 12:25:04.275106+00	2026-11-29 12:25:04.275134+00				t
3	mmZfqWjxEacZZHWErxujhciI1wKlH4YgLmoBF5q9	https://app.example.org/callback https://app.example.org/other	confidential	authorization-code	_X8oX-GWgX8Jz20Dkprv_jtYjkuooaq_yl2NcRV_Cfti4X2Eg9vXpxlQo7V0JLfs	plain	\N	f	2026-11-29 12:25:04.276554+00	2026-11-29 12:25:04.276568+00				f
4	apguPBHuQx263JWIJJAMgexd4jFB2qNJ29rn1QHM	https://app.example.org/callback https://app.example.org/other	confidential	client-credentials	pbkdf2_sha256$1000000$Thi1c8Ym2WrqDfd5HRvc4w$SadIBy5juZUL3FGL8dEmJuoAd8iWfwjjkJoGRNjrVOE=	machine	\N	f	2026-11-29 12:25:04.655815+00	2026-11-29 12:25:04.655846+00				t
5	BhJxqavYEIbqbt9bGJ64nrZgDtNYRytFoJsMwwHx	https://app.example.org/callback https://app.example.org/other	public	implicit	pbkdf2_sha256$1000000$jRbk5ogNMEioPDswUeH4bn$1OWIlqHjcDSEytflmDUN+L+qONDOxAeLVzGBXfvF9eQ=	implicit	\N	f	2026-11-29 12:25:04.997527+00	2026-11-29 12:25:04.997554+00				t
\.
CREATE TABLE django_oauth_toolkit.oauth2_provider_accesstoken (id bigint, token text, expires timestamptz, scope text, application_id bigint, user_id integer, created timestamptz, updated timestamptz, source_refresh_token_id bigint, resource text);
COPY django_oauth_toolkit.oauth2_provider_accesstoken (id, token, expires, scope, application_id, user_id, created, updated, source_refresh_token_id, resource) FROM stdin;
3	Zqi5SrZt1cGgpIKQ4plOSBKXPXSUTt	2026-11-29 22:25:05.844014+00	read write	1	1	2026-11-29 12:25:05.854741+00	2026-11-29 12:25:05.854745+00	2	[]
4	ZRp5kTk5MVRA3nbUXe1TVZ9OQEqWY4	2026-11-29 22:25:05.882019+00	read	2	1	2026-11-29 12:25:05.882258+00	2026-11-29 12:25:05.882262+00	\N	[]
5	w3pxmYxHDhuZrggzSejNIlORn8adYu	2026-11-29 22:25:05.912346+00	read	3	2	2026-11-29 12:25:05.912577+00	2026-11-29 12:25:05.912581+00	\N	[]
6		2026-11-29 22:25:06.197697+00	read write	1	2	2026-11-29 12:25:06.197933+00	2026-11-29 12:25:06.197937+00	\N	[]
11	HA7WsOiqZQ6wQiO8i94n8ddinN3aJr	2026-11-29 22:25:08.867521+00	read	1	4	2026-11-29 12:25:08.867741+00	2026-11-29 12:25:08.867745+00	\N	[]
\.
CREATE TABLE django_oauth_toolkit.oauth2_provider_refreshtoken (id bigint, token text, token_checksum varchar(64), access_token_id bigint, application_id bigint, user_id integer, created timestamptz, updated timestamptz, revoked timestamptz, token_family uuid, resource text);
COPY django_oauth_toolkit.oauth2_provider_refreshtoken (id, token, token_checksum, access_token_id, application_id, user_id, created, updated, revoked, token_family, resource) FROM stdin;
1	Qesn7UJvP5qYYclTjNK0PkZoL29q2C	36b5779653ec74c19e8ba5914f3eac522ecab8fcfd8616ac98757d6d137d710f	\N	1	1	2026-11-29 12:25:05.293327+00	2026-11-29 12:25:05.562536+00	2026-11-29 12:25:05.562408+00	62c2e388-c47c-4b31-9b08-a4bfc0e44b63	[]
2	EG5RxZ8Mlkoi4N4gqqXYd5L2slzXeL	91cb4449e202294b83b6d9ab653a0a2c7e76ca59da5a8fff36a779527c1a4207	\N	1	1	2026-11-29 12:25:05.563787+00	2026-11-29 12:25:05.852393+00	2026-11-29 12:25:05.852297+00	62c2e388-c47c-4b31-9b08-a4bfc0e44b63	[]
3	0QPvmXaKbb9kPiGlqJfwOoPAyCsuoK	8aed4564b6c4d380b07429cc86c4b33ae238d31e7fcf0630adbf883a110f374c	3	1	1	2026-11-29 12:25:05.855306+00	2026-11-29 12:25:05.855314+00	\N	62c2e388-c47c-4b31-9b08-a4bfc0e44b63	[]
4	WCtbhZjL4jeWHjS1IGvsaTUwKyQdq9	38f33435fdfdc8add3d9ca67bef5857ec482a7bdf75e4a6f2183af8ea591ae31	4	2	1	2026-11-29 12:25:05.882918+00	2026-11-29 12:25:05.882926+00	\N	ee38f688-7d1c-48c0-8124-dd8f636d09e7	[]
5	LZ7bv0fIKTElovQxiO6CMZCbEiUvr6	657da229594aaeab8b1ea0b6b74e82402b1f1dafb2e9de749bd272da54964a70	5	3	2	2026-11-29 12:25:05.913722+00	2026-11-29 12:25:05.913731+00	\N	101fabc4-7def-4f23-89fd-56cd9873d398	[]
6		9b21ec2f8c6b8a8af885251142d1c3f8cfc0a606bc483b9585b7e9db86e2aa98	6	1	2	2026-11-29 12:25:06.198559+00	2026-11-29 12:25:06.198565+00	\N	ea0a6569-b38f-48e1-a4cb-fc9ff26d8c2b	[]
7	gk2gnsaWtkDesyO9lRgE5F7ZddZNF4	31eab452f9ab16104bfb5fb7ad1369813a01d015052ac4ee9a1de8fb5ea32cd3	\N	1	3	2026-11-29 12:25:06.505889+00	2026-11-29 12:25:06.784852+00	2026-11-29 12:25:06.784768+00	152871d0-1f59-4050-98c0-da48f360edbc	[]
8	eqvYbCEX3QoO5gHIxOxV1U2tTertMO	62a1acb91e61b0d2f6aaaf4b2c338a6e986753d3c52a97ae13d8ecf0f1e2a444	\N	1	3	2026-11-29 12:25:06.7861+00	2026-11-29 12:25:07.044919+00	2026-11-29 12:25:07.044919+00	152871d0-1f59-4050-98c0-da48f360edbc	[]
9	2NWanq4AtSbiC4zLr66PYFgPQbgNON	29accad8d9f7b770cd4c41b16e5b6b766c99dcc5852618712d16961a8a12bea3	\N	1	3	2026-11-29 12:25:07.559103+00	2026-11-29 12:25:07.93259+00	2026-11-29 12:25:07.932509+00	f46eee10-17e6-4ff5-8181-50ed7ccfbda6	[]
10	wEps104re1tmczNlNQd0xyL8mc7A4T	011dacc22e04ca67e57e7533dfde34350ab25ff1f1889ba08b6500cb77734417	\N	1	3	2026-11-29 12:25:08.523875+00	2026-11-29 12:25:08.523884+00	\N	247d93c9-e12a-4145-b710-9a692b7166bc	[]
11	YCnE3T9xh81mZkmpJpwdIzn3tKSsMi	61e428e6eed9cbdb73157862001a1e050963a4edd970e15e9d65c6f8c69e117f	11	1	4	2026-11-29 12:25:08.868322+00	2026-11-29 12:25:08.868328+00	\N	77fcab01-03db-492f-82e6-c7d21e01839f	[]
\.
CREATE TABLE django_oauth_toolkit.handed_out (name text, value text);
COPY django_oauth_toolkit.handed_out FROM stdin;
web_id	5WN7b7j8g0rYl0XxOsiZvYVjirYpCen4iduMKa0v
web_secret	5XsezElXNCt_kfrBJTQl2bOqoIdwMVedg5C1JUpkzfEDGRdWhThkw0EQAuLUGWTr
native_id	GuSJrJu4273YJrsLCopPbNS5RkyfvD2GlTA4aqQC
plain_id	mmZfqWjxEacZZHWErxujhciI1wKlH4YgLmoBF5q9
plain_secret	_X8oX-GWgX8Jz20Dkprv_jtYjkuooaq_yl2NcRV_Cfti4X2Eg9vXpxlQo7V0JLfs
machine_id	apguPBHuQx263JWIJJAMgexd4jFB2qNJ29rn1QHM
machine_secret	90ZVSfqhXGMbTE2tY9fCTYausbP1LXCWVlauuPhHFkOohjBIFg1VmiLDO7lw38zx
implicit_id	BhJxqavYEIbqbt9bGJ64nrZgDtNYRytFoJsMwwHx
ada_first	Qesn7UJvP5qYYclTjNK0PkZoL29q2C
ada_parent	EG5RxZ8Mlkoi4N4gqqXYd5L2slzXeL
ada	0QPvmXaKbb9kPiGlqJfwOoPAyCsuoK
ada_native	WCtbhZjL4jeWHjS1IGvsaTUwKyQdq9
ben_plain	LZ7bv0fIKTElovQxiO6CMZCbEiUvr6
ben	XOxPBeulTcftVyBVqvXw10bV5zA4dW
eve_reused	eqvYbCEX3QoO5gHIxOxV1U2tTertMO
eve_revoked	2NWanq4AtSbiC4zLr66PYFgPQbgNON
eve_orphan	wEps104re1tmczNlNQd0xyL8mc7A4T
off	YCnE3T9xh81mZkmpJpwdIzn3tKSsMi
\.
CREATE TABLE django_oauth_toolkit.made AS SELECT timestamptz '2026-11-29 13:06:39+00' AS at;
