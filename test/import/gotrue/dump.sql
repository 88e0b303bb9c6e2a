-- Made by test/import/dump: see test/import/gotrue/README.md
CREATE SCHEMA gotrue;
CREATE TYPE gotrue.aal_level AS ENUM ('aal1', 'aal2', 'aal3');
CREATE TYPE gotrue.factor_type AS ENUM ('totp', 'webauthn', 'phone');
CREATE TYPE gotrue.factor_status AS ENUM ('unverified', 'verified');
CREATE TYPE gotrue.oauth_registration_type AS ENUM ('dynamic', 'manual');
CREATE TYPE gotrue.oauth_client_type AS ENUM ('public', 'confidential');
CREATE TABLE gotrue.users (id uuid, email text, banned_until timestamptz, deleted_at timestamptz, is_anonymous boolean, raw_app_meta_data jsonb);
COPY gotrue.users (id, email, banned_until, deleted_at, is_anonymous, raw_app_meta_data) FROM stdin;
06ae6ff7-f1b1-455d-9b8e-2f59e83f32a7	hal@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
099900cb-fc2e-4edd-8913-ade3d48a8169	max@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
256ebc13-f146-4ecb-b35c-03e31540a360	kim@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
349a443b-1acc-49d2-b477-3b5671640abc	ada@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
4e48dc91-5b5f-40ff-a7a2-032802df50fd	\N	\N	\N	t	{}
53a95b2d-bd2f-4ba6-9764-bb938b1c7222	eve@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
75e0604b-95a6-4571-b922-d14a28f2438f	gil@example.com	2036-11-26 12:18:18.794105+00	\N	f	{"provider": "email", "providers": ["email"]}
7ce08735-63eb-47ea-8fe1-aeec131020df	ida@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
8c16f335-d5b2-471e-9004-29f3b14e9e82	lou@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
b0da535b-c112-4aa9-ab29-950fea20b8e8	nan@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
be64188d-6127-4eb4-8ad5-c52d639aaae6	ben@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
c3e1f8a0-4004-4f66-8f43-24372047bf5c	jon@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
faf29e9b-0bc1-4248-b4b9-80f3c23ce378	fay@example.com	\N	\N	f	{"provider": "email", "providers": ["email"]}
\.
CREATE TABLE gotrue.sessions (id uuid, user_id uuid, created_at timestamptz, updated_at timestamptz, factor_id uuid, aal gotrue.aal_level, not_after timestamptz, refreshed_at timestamp, user_agent text, ip inet, tag text, oauth_client_id uuid, refresh_token_hmac_key text, refresh_token_counter bigint, scopes text);
COPY gotrue.sessions (id, user_id, created_at, updated_at, factor_id, aal, not_after, refreshed_at, user_agent, ip, tag, oauth_client_id, refresh_token_hmac_key, refresh_token_counter, scopes) FROM stdin;
0a1a4d8d-c0c9-418b-bfe1-bd23dc6647e1	be64188d-6127-4eb4-8ad5-c52d639aaae6	2026-11-29 12:18:16.324746+00	2026-11-29 12:18:16.324746+00	\N	aal1	\N	\N	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
15a992e3-2d02-4bee-b682-767d40936c36	7ce08735-63eb-47ea-8fe1-aeec131020df	2026-11-29 12:18:23.74358+00	2026-11-29 12:18:23.74358+00	\N	aal1	\N	\N	fixture/1.0	127.0.0.1	\N	60de0f79-bd3f-46e3-8f9f-94953a0a795c	\N	\N	openid profile
229b9de2-1557-4a9a-95b3-f768de02ed09	7ce08735-63eb-47ea-8fe1-aeec131020df	2026-11-29 12:18:23.34843+00	2026-11-29 12:18:23.34843+00	\N	aal1	\N	\N	fixture/1.0	127.0.0.1	\N	2338abb4-bdad-434c-8ea0-61394c47feff	\N	\N	openid email
2ba05dbf-3bc9-4f0a-834c-f271d3b597a5	7ce08735-63eb-47ea-8fe1-aeec131020df	2026-11-29 12:18:22.638725+00	2026-11-29 12:18:22.638725+00	\N	aal1	\N	\N	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
3878e8a8-4527-4d6a-952c-ed1f4455ea67	349a443b-1acc-49d2-b477-3b5671640abc	2026-11-29 12:18:15.678775+00	2026-11-29 12:18:16.101926+00	\N	aal1	\N	2026-11-29 12:18:16.101853	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
3c7639ec-8c48-4668-a69f-2960d547199c	099900cb-fc2e-4edd-8913-ade3d48a8169	2026-11-29 12:18:40.96434+00	2026-11-29 12:18:41.060406+00	\N	aal1	\N	2026-11-29 12:18:41.060356	fixture/1.0	127.0.0.1	\N	\N	{"key_id":"fixture","alg":"aes-gcm-hkdf","data":"CcShkrI327P6ZtfOpiFNqisEX0yP6Sur3k1WnuKLyhHfCtnF9ugogB47wekVfASNsE6huDsNK/JSnBc=","nonce":"5bFPYS4eRGwCF57/"}	1	\N
3d24ac9b-3a23-4522-bf5b-dd39b5629698	75e0604b-95a6-4571-b922-d14a28f2438f	2026-11-29 12:18:18.720068+00	2026-11-29 12:18:18.720068+00	\N	aal1	\N	\N	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
44c4dfa0-e10b-4c2d-a829-db45ca8a0db3	b0da535b-c112-4aa9-ab29-950fea20b8e8	2026-11-29 12:18:41.519873+00	2026-11-29 12:18:41.853701+00	c8d8ade4-44c5-4189-916a-3bb75cea700f	aal2	\N	\N	fixture/1.0	127.0.0.1	\N	\N	{"key_id":"fixture","alg":"aes-gcm-hkdf","data":"61Q7ifZrLC78wNkyD/z5sItTtarbepVQAE6qgtZgdr73iSlm4/g8TUvz5Cx9vuKgdGd1uTEMXP+oxpU=","nonce":"FUKscfHzlHAvnyNu"}	2	\N
74c9071d-7266-4660-8a0c-20a8cc9882cb	be64188d-6127-4eb4-8ad5-c52d639aaae6	2026-11-29 12:18:16.850679+00	2026-11-29 12:18:16.850679+00	\N	aal1	\N	\N	tablet/1.0	127.0.0.1	\N	\N	\N	\N	\N
79fe1c37-4361-4fc6-8477-e69406e12c99	8c16f335-d5b2-471e-9004-29f3b14e9e82	2026-11-29 12:18:26.121913+00	2026-11-29 12:18:39.987131+00	\N	aal1	\N	2026-11-29 12:18:39.987061	fixture/1.0	127.0.0.1	\N	\N	MslNxjH-c5ENwsZ170tLeSOSuCFuHCpU5gL1m5CFV4E	130	\N
85031a93-9a43-4fbf-acd2-514c90e40fdb	06ae6ff7-f1b1-455d-9b8e-2f59e83f32a7	2026-11-29 12:18:19.106887+00	2026-11-29 12:18:19.550554+00	\N	aal1	\N	2026-11-29 12:18:19.550495	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
a455070a-05c4-4f64-853e-82ac4d5dc6bf	be64188d-6127-4eb4-8ad5-c52d639aaae6	2026-11-29 12:18:16.605516+00	2026-11-29 12:18:16.605516+00	\N	aal1	\N	\N	phone/1.0	127.0.0.1	\N	\N	\N	\N	\N
dd728577-c3a3-4b47-9da0-28deeb3123c4	be64188d-6127-4eb4-8ad5-c52d639aaae6	2026-11-29 12:18:17.115051+00	2026-11-29 12:18:17.115051+00	\N	aal1	\N	\N	browser/1.0	127.0.0.1	\N	\N	\N	\N	\N
e2f85fa3-b9d9-4750-a922-5c3629865f58	256ebc13-f146-4ecb-b35c-03e31540a360	2026-11-29 12:18:25.396164+00	2026-11-29 12:18:25.846313+00	320d444b-2bdc-4a00-9d9c-fa9670e73ffd	aal2	\N	\N	fixture/1.0	127.0.0.1	\N	\N	uT_l0M9Yw2Wl8zj7ruOFJnC8DSmGPNHpY_cjDO4wyUg	2	\N
e764875d-0154-4a1a-8491-850cd05e6059	4e48dc91-5b5f-40ff-a7a2-032802df50fd	2026-11-29 12:18:18.83118+00	2026-11-29 12:18:18.83118+00	\N	aal1	\N	\N	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
ec93b95e-bc20-4971-8c10-34e66b93e539	faf29e9b-0bc1-4248-b4b9-80f3c23ce378	2026-11-29 12:18:17.854861+00	2026-11-29 12:18:18.428589+00	47e24930-f3b3-4f4a-9ac1-dc6446b14c30	aal2	\N	\N	fixture/1.0	127.0.0.1	\N	\N	\N	\N	\N
f6f0ebd6-d76a-49b9-bab9-d77b8fb184b6	c3e1f8a0-4004-4f66-8f43-24372047bf5c	2026-11-29 12:18:24.722891+00	2026-11-29 12:18:25.068052+00	\N	aal1	\N	2026-11-29 12:18:25.067986	fixture/1.0	127.0.0.1	\N	\N	q0tlVA5LkoGbTx-kGJSf-8wOyDW9PCkPSlPHylGB8uE	2	\N
\.
CREATE TABLE gotrue.refresh_tokens (id bigint, token text, user_id text, revoked boolean, created_at timestamptz, updated_at timestamptz, parent text, session_id uuid);
COPY gotrue.refresh_tokens (id, token, user_id, revoked, created_at, updated_at, parent, session_id) FROM stdin;
1	kj4rncy72dy3	349a443b-1acc-49d2-b477-3b5671640abc	t	2026-11-29 12:18:15.692657+00	2026-11-29 12:18:15.998792+00	\N	3878e8a8-4527-4d6a-952c-ed1f4455ea67
2	ijbcfpy5htph	349a443b-1acc-49d2-b477-3b5671640abc	t	2026-11-29 12:18:15.999938+00	2026-11-29 12:18:16.097801+00	kj4rncy72dy3	3878e8a8-4527-4d6a-952c-ed1f4455ea67
3	ah7qxblwwdlf	349a443b-1acc-49d2-b477-3b5671640abc	f	2026-11-29 12:18:16.098379+00	2026-11-29 12:18:16.098379+00	ijbcfpy5htph	3878e8a8-4527-4d6a-952c-ed1f4455ea67
4	4y4cyut7aptf	be64188d-6127-4eb4-8ad5-c52d639aaae6	f	2026-11-29 12:18:16.326741+00	2026-11-29 12:18:16.326741+00	\N	0a1a4d8d-c0c9-418b-bfe1-bd23dc6647e1
5	n25k4a5g4bip	be64188d-6127-4eb4-8ad5-c52d639aaae6	f	2026-11-29 12:18:16.608855+00	2026-11-29 12:18:16.608855+00	\N	a455070a-05c4-4f64-853e-82ac4d5dc6bf
6	i472sklq4vgl	be64188d-6127-4eb4-8ad5-c52d639aaae6	f	2026-11-29 12:18:16.853038+00	2026-11-29 12:18:16.853038+00	\N	74c9071d-7266-4660-8a0c-20a8cc9882cb
7	jsasqowk62fc	be64188d-6127-4eb4-8ad5-c52d639aaae6	f	2026-11-29 12:18:17.122799+00	2026-11-29 12:18:17.122799+00	\N	dd728577-c3a3-4b47-9da0-28deeb3123c4
9	5yhx55pcyvrg	faf29e9b-0bc1-4248-b4b9-80f3c23ce378	t	2026-11-29 12:18:17.862685+00	2026-11-29 12:18:18.426753+00	\N	ec93b95e-bc20-4971-8c10-34e66b93e539
10	o6eliozfmfcc	faf29e9b-0bc1-4248-b4b9-80f3c23ce378	f	2026-11-29 12:18:18.427203+00	2026-11-29 12:18:18.427203+00	5yhx55pcyvrg	ec93b95e-bc20-4971-8c10-34e66b93e539
11	dkna333zhdph	75e0604b-95a6-4571-b922-d14a28f2438f	f	2026-11-29 12:18:18.724141+00	2026-11-29 12:18:18.724141+00	\N	3d24ac9b-3a23-4522-bf5b-dd39b5629698
12	fmra2bc6pn7m	4e48dc91-5b5f-40ff-a7a2-032802df50fd	f	2026-11-29 12:18:18.832363+00	2026-11-29 12:18:18.832363+00	\N	e764875d-0154-4a1a-8491-850cd05e6059
13	q3c6s5jmtsg5	06ae6ff7-f1b1-455d-9b8e-2f59e83f32a7	t	2026-11-29 12:18:19.114725+00	2026-11-29 12:18:19.280232+00	\N	85031a93-9a43-4fbf-acd2-514c90e40fdb
14	cdww5rh5ifbo	06ae6ff7-f1b1-455d-9b8e-2f59e83f32a7	t	2026-11-29 12:18:19.282448+00	2026-11-29 12:18:19.418053+00	q3c6s5jmtsg5	85031a93-9a43-4fbf-acd2-514c90e40fdb
15	zaaqmqnmdvgl	06ae6ff7-f1b1-455d-9b8e-2f59e83f32a7	t	2026-11-29 12:18:19.418772+00	2026-11-29 12:18:19.537825+00	cdww5rh5ifbo	85031a93-9a43-4fbf-acd2-514c90e40fdb
16	6e3wihunei5u	06ae6ff7-f1b1-455d-9b8e-2f59e83f32a7	t	2026-11-29 12:18:19.538456+00	2026-11-29 12:18:21.613471+00	zaaqmqnmdvgl	85031a93-9a43-4fbf-acd2-514c90e40fdb
17	nfopfxoi2gwl	7ce08735-63eb-47ea-8fe1-aeec131020df	f	2026-11-29 12:18:22.647304+00	2026-11-29 12:18:22.647304+00	\N	2ba05dbf-3bc9-4f0a-834c-f271d3b597a5
18	zme26z2jskpk	7ce08735-63eb-47ea-8fe1-aeec131020df	f	2026-11-29 12:18:23.352244+00	2026-11-29 12:18:23.352244+00	\N	229b9de2-1557-4a9a-95b3-f768de02ed09
19	em44cuuucwe3	7ce08735-63eb-47ea-8fe1-aeec131020df	f	2026-11-29 12:18:23.745357+00	2026-11-29 12:18:23.745357+00	\N	15a992e3-2d02-4bee-b682-767d40936c36
\.
CREATE TABLE gotrue.mfa_amr_claims (id uuid, session_id uuid, created_at timestamptz, updated_at timestamptz, authentication_method text);
COPY gotrue.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method) FROM stdin;
04c2dab7-71e5-4341-982f-4b38655ab08c	229b9de2-1557-4a9a-95b3-f768de02ed09	2026-11-29 12:18:23.353858+00	2026-11-29 12:18:23.353858+00	oauth_provider/authorization_code
0679fc63-8e61-4b61-95c9-efb0c91b950c	74c9071d-7266-4660-8a0c-20a8cc9882cb	2026-11-29 12:18:16.854685+00	2026-11-29 12:18:16.854685+00	password
0df6bae2-7d18-4888-8ae2-a44c480b9fb4	3c7639ec-8c48-4668-a69f-2960d547199c	2026-11-29 12:18:40.972213+00	2026-11-29 12:18:40.972213+00	password
1342afc9-746f-4f33-b376-b2b1ac228a9c	2ba05dbf-3bc9-4f0a-834c-f271d3b597a5	2026-11-29 12:18:22.659685+00	2026-11-29 12:18:22.659685+00	password
2417dfc3-c5bb-41df-b5f0-86997aff20cd	e764875d-0154-4a1a-8491-850cd05e6059	2026-11-29 12:18:18.835216+00	2026-11-29 12:18:18.835216+00	anonymous
260d322a-de39-4720-b0fe-752720d8713d	44c4dfa0-e10b-4c2d-a829-db45ca8a0db3	2026-11-29 12:18:41.527827+00	2026-11-29 12:18:41.527827+00	password
3417c270-d985-4680-adfc-4a9dbdd6805d	dd728577-c3a3-4b47-9da0-28deeb3123c4	2026-11-29 12:18:17.132261+00	2026-11-29 12:18:17.132261+00	password
3ee97cd1-c77f-4b04-87df-734156e78c89	ec93b95e-bc20-4971-8c10-34e66b93e539	2026-11-29 12:18:17.864199+00	2026-11-29 12:18:17.864199+00	password
47a4dd32-2fe2-431a-b13a-5adca4b78413	15a992e3-2d02-4bee-b682-767d40936c36	2026-11-29 12:18:23.752516+00	2026-11-29 12:18:23.752516+00	oauth_provider/authorization_code
57b126e3-641e-4259-818e-6c929346c69d	44c4dfa0-e10b-4c2d-a829-db45ca8a0db3	2026-11-29 12:18:41.849121+00	2026-11-29 12:18:41.849121+00	totp
65118541-a844-4599-8b86-97a917891b83	f6f0ebd6-d76a-49b9-bab9-d77b8fb184b6	2026-11-29 12:18:24.736411+00	2026-11-29 12:18:24.736411+00	password
6b1510d3-063f-4578-bcfd-5f0596e49049	79fe1c37-4361-4fc6-8477-e69406e12c99	2026-11-29 12:18:26.127395+00	2026-11-29 12:18:26.127395+00	password
719d40f3-0b76-40bb-877f-12a55ed1a4cd	ec93b95e-bc20-4971-8c10-34e66b93e539	2026-11-29 12:18:18.415021+00	2026-11-29 12:18:18.415021+00	totp
8478ee0d-cc6e-45e4-9e5a-05bfdeea7a1d	85031a93-9a43-4fbf-acd2-514c90e40fdb	2026-11-29 12:18:19.122984+00	2026-11-29 12:18:19.122984+00	password
86e33e64-4f8e-4c48-8c1c-7f9d107af8d1	e2f85fa3-b9d9-4750-a922-5c3629865f58	2026-11-29 12:18:25.400227+00	2026-11-29 12:18:25.400227+00	password
94acfbbc-119c-47db-92c2-8f037aa7b1ce	a455070a-05c4-4f64-853e-82ac4d5dc6bf	2026-11-29 12:18:16.61546+00	2026-11-29 12:18:16.61546+00	password
9ce4ddcf-4b73-4df9-899f-876788800e6b	3878e8a8-4527-4d6a-952c-ed1f4455ea67	2026-11-29 12:18:15.694399+00	2026-11-29 12:18:15.694399+00	password
a079c6b4-e11d-42e9-9eb3-270cd4ea3e3f	3d24ac9b-3a23-4522-bf5b-dd39b5629698	2026-11-29 12:18:18.72815+00	2026-11-29 12:18:18.72815+00	password
aeae35d9-ef12-44bd-84e6-03cd015aad8d	0a1a4d8d-c0c9-418b-bfe1-bd23dc6647e1	2026-11-29 12:18:16.328152+00	2026-11-29 12:18:16.328152+00	password
f4174b78-ea72-4ac0-a1a9-d91b0bbd9655	e2f85fa3-b9d9-4750-a922-5c3629865f58	2026-11-29 12:18:25.830577+00	2026-11-29 12:18:25.830577+00	totp
\.
CREATE TABLE gotrue.mfa_factors (id uuid, user_id uuid, friendly_name text, factor_type gotrue.factor_type, status gotrue.factor_status, created_at timestamptz, updated_at timestamptz, secret text, phone text);
COPY gotrue.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone) FROM stdin;
320d444b-2bdc-4a00-9d9c-fa9670e73ffd	256ebc13-f146-4ecb-b35c-03e31540a360	phone	totp	verified	2026-11-29 12:18:25.544309+00	2026-11-29 12:18:25.818665+00	UQSBGHKJFTCI3TS64VLDDRPOT6EWEIN5	\N
47e24930-f3b3-4f4a-9ac1-dc6446b14c30	faf29e9b-0bc1-4248-b4b9-80f3c23ce378	phone	totp	verified	2026-11-29 12:18:18.072436+00	2026-11-29 12:18:18.400936+00	BFQNOTF3AUF4Q43O3TZU3YJTNFUCZ3XS	\N
c8d8ade4-44c5-4189-916a-3bb75cea700f	b0da535b-c112-4aa9-ab29-950fea20b8e8	phone	totp	verified	2026-11-29 12:18:41.625603+00	2026-11-29 12:18:41.84582+00	{"key_id":"fixture","alg":"aes-gcm-hkdf","data":"v4v7PTz1uZlVQ+oqiyJZRprHBR0OZY+2MQrW9ROn/un1XQhW8RN03kikwW7UGY0u","nonce":"lTWwe7THBL+2GOs/"}	\N
\.
CREATE TABLE gotrue.oauth_clients (id uuid, client_secret_hash text, registration_type gotrue.oauth_registration_type, redirect_uris text, grant_types text, client_name text, client_uri text, logo_uri text, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, client_type gotrue.oauth_client_type, token_endpoint_auth_method text);
COPY gotrue.oauth_clients (id, client_secret_hash, registration_type, redirect_uris, grant_types, client_name, client_uri, logo_uri, created_at, updated_at, deleted_at, client_type, token_endpoint_auth_method) FROM stdin;
2338abb4-bdad-434c-8ea0-61394c47feff	RMUvc3Mfkgp7O-H9Q5tuK0UhjMggt7fTvRJFZ5b5grI	manual	https://app.example.org/callback,https://app.example.org/other	authorization_code,refresh_token	Service	\N	\N	2026-11-29 12:18:22.758861+00	2026-11-29 12:18:22.75891+00	\N	confidential	client_secret_basic
60de0f79-bd3f-46e3-8f9f-94953a0a795c		manual	https://app.example.org/callback,https://app.example.org/other	authorization_code,refresh_token	Native	\N	\N	2026-11-29 12:18:22.850724+00	2026-11-29 12:18:22.850844+00	\N	public	none
\.
CREATE TABLE gotrue.oauth_consents (id uuid, user_id uuid, client_id uuid, scopes text, granted_at timestamptz, revoked_at timestamptz);
COPY gotrue.oauth_consents (id, user_id, client_id, scopes, granted_at, revoked_at) FROM stdin;
427eab39-5e1f-4370-8c64-72f257979608	7ce08735-63eb-47ea-8fe1-aeec131020df	60de0f79-bd3f-46e3-8f9f-94953a0a795c	openid profile	2026-11-29 12:18:23.647859+00	\N
81e60e20-7dbd-4374-8993-0e9ddbbd2f3e	7ce08735-63eb-47ea-8fe1-aeec131020df	2338abb4-bdad-434c-8ea0-61394c47feff	openid email	2026-11-29 12:18:23.240473+00	\N
\.
CREATE TABLE gotrue.handed_out (name text, value text);
COPY gotrue.handed_out FROM stdin;
ada_first	kj4rncy72dy3
ada_parent	ijbcfpy5htph
ada	ah7qxblwwdlf
ben_phone	n25k4a5g4bip
ben_tablet	i472sklq4vgl
ben_browser	jsasqowk62fc
eve_ended	vbgjh2yuxgwx
fay	o6eliozfmfcc
gil_banned	dkna333zhdph
anonymous	fmra2bc6pn7m
hal_reused	6e3wihunei5u
service_id	2338abb4-bdad-434c-8ea0-61394c47feff
service_secret	mKpFdsM96SDWeJyZzZCQ1bCfRPOlABZDuaUkk48vR6Y
native_id	60de0f79-bd3f-46e3-8f9f-94953a0a795c
ida	nfopfxoi2gwl
ida_service	zme26z2jskpk
ida_native	em44cuuucwe3
jon_first	APbw69bXakm5urnXe4-xhLYAY3OpcTx6IStvGwcnTGl-zUylin0
jon_parent	APbw69bXakm5urnXe4-xhLYBn4kkfsStw47Swbul2P3zJC_tInM
jon	APbw69bXakm5urnXe4-xhLYC0Sa8ICUP8AcOUGdRgdYeJI-jyp8
kim	AOL4X6O52UdQqSJcNimGX1gChsLm_JJnN-GFgTz8PZr1lNb3OKs
lou	AHn-HDdDYU_GhHfmlAbhLJmCAfXrgXeiuASMBz6brNjvMe2496ol
max	ADx2OeyMSEZopp8pYNVHGZwBJxTiRBDQ4E_utDAOEKIWb3xe95Y
nan	AETE36DhC0wtqCnbRcqKDbMCZy9T55jaWElGlmphH3cq6KR2q5I
signing_key	{"kty":"EC","x":"3dKFLTt0ztoHwVSZMS4J7qsSBFtIRhyJsaUNjaLBVgM","y":"Q4tnGqHTT_baB44m6MTLzEF4yqYfU98a0Loh9j5MrBI","crv":"P-256","d":"NDbT1pwCU-FCW2NPm4QgO0Vca-9QgTYxl-aP9pmIaRc","alg":"ES256","kid":"9a1f3c5e-0d54-4f0b-9c41-7b1e0f5d2a60","use":"sig","key_ops":["sign","verify"]}
encryption_key	pwFoiPyybQMqNmYVN0gUnpbfpGQV2sDv9vp0ZAxi_Y4
\.
CREATE TABLE gotrue.made AS SELECT timestamptz '2026-11-29 12:25:40+00' AS at;
