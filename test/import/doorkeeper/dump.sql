-- Made by test/import/dump: see test/import/doorkeeper/README.md
CREATE SCHEMA doorkeeper;
CREATE TABLE doorkeeper.users (id bigint, name varchar);
COPY doorkeeper.users (id, name) FROM stdin;
1	ada
2	ben
3	eve
\.
CREATE TABLE doorkeeper.oauth_applications (id bigint, name varchar, uid varchar, secret varchar, redirect_uri text, scopes varchar, confidential boolean, created_at timestamp, updated_at timestamp);
COPY doorkeeper.oauth_applications (id, name, uid, secret, redirect_uri, scopes, confidential, created_at, updated_at) FROM stdin;
1	web	PT8AzouV1Ikg97wYGLoqFXpXbWFBSE1I0Fpp1bwS1pA	RnrqFZWaCch0HB2S5kXrRrqOij2SPhBapqvaoIOJDi4	https://app.example.org/callback\nhttps://app.example.org/other	read write	t	2026-11-29 12:26:52.015875	2026-11-29 12:26:52.015875
2	native	WpxCo1MPZwFPqySRs2X5CPfWxfqN9ypB0bg1SqxXBhA	DENhnCBGZXSqj95u_-evVj2CBMlsOqTxMdzsbduP0Q4	https://app.example.org/callback\nhttps://app.example.org/other		f	2026-11-29 12:26:52.024464	2026-11-29 12:26:52.024464
3	web	b8JwrMOVULmQ5KQNs-EV_J_QIC5Jfb0p5g0GTDvrRAg	0b75380138484fbd2646aa414568040991561407ea57ff72b731c9cdc7b9391d	https://app.example.org/callback\nhttps://app.example.org/other	read write	t	2026-11-29 12:26:55.716091	2026-11-29 12:26:55.716091
4	native	Bofv-ESJ2Kk7bjTsjerIBIHlAFLuQv437F_56U3Kv0A	1b9825dadd19b58cb6e7e0ce8064cbcaa5fb7d70b124cba18151d5a97a91918e	https://app.example.org/callback\nhttps://app.example.org/other		f	2026-11-29 12:26:55.71875	2026-11-29 12:26:55.71875
5	web	_7T0q-Nu-l-ZDB7ocuHqPYEc1CyWGclFugBdnDcdhhU	$2a$12$2T0MdhaiLCJOIB8NdmGd4udJUPlbkLHNyxKfRa4keBAuSH/ZDquIu	https://app.example.org/callback\nhttps://app.example.org/other	read write	t	2026-11-29 12:26:59.084641	2026-11-29 12:26:59.084641
6	native	pOWUDnRbouRDhT04yRhx5v6DHwZ4dM9z9A9F1JTPRF8	$2a$12$7UL.xYAuaXguO0AqsKGysuJXF8YHJJFoUtf5ANG.xoc8PSV00OFD6	https://app.example.org/callback\nhttps://app.example.org/other		f	2026-11-29 12:26:59.523216	2026-11-29 12:26:59.523216
\.
CREATE TABLE doorkeeper.oauth_access_tokens (id bigint, resource_owner_id bigint, application_id bigint, token varchar, refresh_token varchar, expires_in integer, scopes varchar, revoked_at timestamp, previous_refresh_token varchar, created_at timestamp);
COPY doorkeeper.oauth_access_tokens (id, resource_owner_id, application_id, token, refresh_token, expires_in, scopes, revoked_at, previous_refresh_token, created_at) FROM stdin;
1	1	1	Bh-EnSQYeZ2iBdMuzVmAnhnUi8c4Bp4AOdMaJMAJI9U	ZSFU1yifNinRoHOWqs5ndFsxGMATZC20ycAXciEnxAw	7200	read write	2026-11-29 12:26:52.327912		2026-11-29 12:26:52.241478
2	1	1	NhULONUr8jh9W3Nx9mkPbW3iei0HA4KBRlm0tThRMxY	Sp_yt83ZTmu1FMWcCSBfNP6ucRDwyzoM0xb-a1dN1mc	7200	read write	2026-11-29 12:26:52.361801		2026-11-29 12:26:52.301403
3	1	1	NJ7wfsK0cCk_d1qsC4v8zvjZFd-BwAXg09db1JJX8xw	3wdfheX-2O3XiCxUHLJ252CYcbqiAQfqAjxXrVoAGGk	7200	read write	\N		2026-11-29 12:26:52.351747
4	1	2	H1XVGFkRyM3azg1laUfeKd89s4f9zy-LrVzQTAb0yXA	E3GJwDLvDvkcJSggzuSrhF8tQc5XcNtMw58EqNBnVjs	7200	read	\N		2026-11-29 12:26:52.406359
5	2	1	sYE0M5QTnqlN8aBmaF-prm63rnSqbzfXVwO2VyaU1j4	SEcE-oa8P96RcTar-KdsUjdL_YKINN-9j0p7qaCp8g0	7200	read	\N		2026-11-29 12:26:52.449451
6	2	1	0D7PbTcydPa9dc7TJKU9Slzdt56c3EAgBXM0DTDGwFs	zcK9ym7p6GkZCE7QKLxgKyehb8v0PZtIAOxb26GQDWc	7200	read	\N	SEcE-oa8P96RcTar-KdsUjdL_YKINN-9j0p7qaCp8g0	2026-11-29 12:26:52.49527
7	3	1	OJv_0AI9tGRgKquyfxuxnGQryHoNwFQ1D52oJZbXqJQ	91vt88Ugv0VmC62aUUn5DguLuTIR5Y0cUzweFYg6JhY	7200	read	2026-11-29 12:26:52.548814		2026-11-29 12:26:52.524695
8	1	3	ecafba3c2a566b513aa76565991697453277e601cd999ee45dcdd894bb0522ff	dff25cb6bd5dd8fa43ddbcb401d40e8742788ab7bb2821051768405787a3ff29	7200	read write	2026-11-29 12:26:55.927437		2026-11-29 12:26:55.887184
9	1	3	d1832828855a6470025849e233c9316c70ca7d421897cab8c918b87f21ed2dba	0e56009aef5172f34c4853ec7e681560f1e70a2bd2d50a34eaacdd3efd52faed	7200	read write	2026-11-29 12:26:55.96759		2026-11-29 12:26:55.910412
10	1	3	e740e0840e489ab04b829a8ff450b2d6709ba051f6f9fa6da9ecc55da64e27c8	6a0d95f02b75cf3fa3dbc0a1f445dd981019b90bfe751133f31f7237b02e8c40	7200	read write	\N		2026-11-29 12:26:55.955127
11	1	4	0b7df3c421e48d4468a64b4f197a694fdb87c02e8722903b4a1588f683dd6a52	342b6ab8ec94df7232fb62019cb35fe8cbfbb5d866c6f38d069083525b0845a2	7200	read	\N		2026-11-29 12:26:56.008116
12	2	3	c39dc4bf83953cf74f2997a090e8cf79da372e53469e4f130c2a3582ed8c8df8	60359c19001648cab964d962b276fb9f9a96a05fb7f9b03974177a7c4b98ec7b	7200	read	\N		2026-11-29 12:26:56.036604
13	2	3	4c77d944846c31b06935a7ca806780fcbde4dcbdf5cad79670ae95cef5182d20	e3b32dee35fae03863ee0a09f9705e799636460cd62f5354e351dcc74b95f9d2	7200	read	\N	60359c19001648cab964d962b276fb9f9a96a05fb7f9b03974177a7c4b98ec7b	2026-11-29 12:26:56.051005
14	3	3	0e57e8925261f9ccd3f2bbc4b42bb48d714da9edebaf669f055ebbd6945d0d62	85927df86b344a2d0a81945ab8c3192125b5f5f9be725d7814b7d894d1382d88	7200	read	2026-11-29 12:26:56.092417		2026-11-29 12:26:56.079134
15	1	5	dc05cff1089b1bc1e6d842b8697e15473a8cf5fffacb863556f4370eedaebfd1	1478fb76fec187f188c1d5cf2c089a4909f50d9fb9a17d3b59323bbce18cd636	7200	read write	2026-11-29 12:27:00.484057		2026-11-29 12:27:00.093603
16	1	5	b5bd761d83920128b45aa60becb3be1e84e08de4abc84b1d6a59544899641386	a8ea49f0f1ff93e620d85888892dffd972e02d9976f0651b0e822687d8abcd64	7200	read write	2026-11-29 12:27:00.803705		2026-11-29 12:27:00.471337
17	1	5	1a8b5b16e065cebde66f6c24b349db20da1dbb964bef4532db7d4aed2f35f744	527d33b74baf3302879da167a417842f3e3d94cc42c46070aea40e02d5feb0e0	7200	read write	\N		2026-11-29 12:27:00.787888
18	1	6	587898471457b0ca9796a19f1435dfe946803145692d6a9897a430379e323b90	428e01e695f1967db3720a0242c5127bff5586bbbd18cd6d54f811983e681592	7200	read	\N		2026-11-29 12:27:00.831072
19	2	5	f8fcef057dc4ed655dc7cc8b992a45e13e074cf8b05f93616a6ca7c0fb9c6b4b	cef9835e93d98e843378040a798a35481c53c9e9c83f19c3c93f300422e67c62	7200	read	\N		2026-11-29 12:27:01.159228
20	2	5	a92e7592eefa2c377171e0b479388a75f5560f191dde25145b18b2123dd5d2e1	b23fce443816c3af9842f1494aba3538f66cb53494745e3187f75caa7877a662	7200	read	\N	cef9835e93d98e843378040a798a35481c53c9e9c83f19c3c93f300422e67c62	2026-11-29 12:27:01.500813
21	3	5	9f7c11b194e92ddcfd806d657e90de212faf88f45c045335f432243228345931	325275d9bd98383feca7ea14f5c9531170afba1b4526f06b939dda353c03cfe0	7200	read	2026-11-29 12:27:02.135285		2026-11-29 12:27:01.824001
\.
CREATE TABLE doorkeeper.handed_out (name text, value text);
COPY doorkeeper.handed_out FROM stdin;
bcrypt_web_id	_7T0q-Nu-l-ZDB7ocuHqPYEc1CyWGclFugBdnDcdhhU
bcrypt_web_secret	XkVV8YVMDgwWzqVP8Fbxyw11FEZl5GXwUf6T8gFTN4Y
bcrypt_native_id	pOWUDnRbouRDhT04yRhx5v6DHwZ4dM9z9A9F1JTPRF8
bcrypt_ada_first	bSakn8PtitIlkNuM1fHPl2WZ6BiEdD6BVGSCJBNiS8g
bcrypt_ada_parent	x7OlawIop5F71VTQaSyovrH0yxLZezbW7JV7bClZNF0
bcrypt_ada	py9UT4MwfDttCRMd4SgJanBctF8IxcduEzgvuK9E12A
bcrypt_ada_native	xOTppoRbyTBav-Dw2aLK3w_fr7wjEQ25qxu_rm8KUfg
bcrypt_ben_before	t5CUUHAvJp1GPDk8rge6_erqTeEfN2tDyj83pm2yaTg
bcrypt_ben	BodjZv4DH-ftpKV2OHHor7eOOi5aDTDA447Q8-RHhsg
bcrypt_eve_revoked	amKkWcATzsfvw1gMbtRNNHQ7ZoCBBKEcICQ3n_zQelM
sha256_web_id	b8JwrMOVULmQ5KQNs-EV_J_QIC5Jfb0p5g0GTDvrRAg
sha256_web_secret	M_NisuDNJLIrxNcWxdF-pFm4vuYyhg2qDzHLc9gYoD0
sha256_native_id	Bofv-ESJ2Kk7bjTsjerIBIHlAFLuQv437F_56U3Kv0A
sha256_ada_first	Q3vg64eTsvQhcYXHkoQErI_Lg9o09XTWLBGBokbJTqk
sha256_ada_parent	nzp9NoU99r7-hYeKF96IbWQIJsyKENRcBAwV5BNFcEY
sha256_ada	uss-2rJgufFHsAegqjKR4H5-YmXp8b4SToYeEuEd5Zk
sha256_ada_native	Iuv4urALK4UgKxht3CUWp7CJhHyxKVMrbvdKo5iJLeE
sha256_ben_before	8XDbkGBtldf7QPnvL8MvlMIw6I2YwS13Nivjirb7Cyo
sha256_ben	BEV4A5DoVZ8jF0yQyb9cllAAmVJ_cxFcnJAkfZC8LmQ
sha256_eve_revoked	ctT2M0PoebJpbAT6zbmc2GN_UItsyvBCL7Cl_YLXsxU
web_id	PT8AzouV1Ikg97wYGLoqFXpXbWFBSE1I0Fpp1bwS1pA
web_secret	RnrqFZWaCch0HB2S5kXrRrqOij2SPhBapqvaoIOJDi4
native_id	WpxCo1MPZwFPqySRs2X5CPfWxfqN9ypB0bg1SqxXBhA
ada_first	ZSFU1yifNinRoHOWqs5ndFsxGMATZC20ycAXciEnxAw
ada_parent	Sp_yt83ZTmu1FMWcCSBfNP6ucRDwyzoM0xb-a1dN1mc
ada	3wdfheX-2O3XiCxUHLJ252CYcbqiAQfqAjxXrVoAGGk
ada_native	E3GJwDLvDvkcJSggzuSrhF8tQc5XcNtMw58EqNBnVjs
ben_before	SEcE-oa8P96RcTar-KdsUjdL_YKINN-9j0p7qaCp8g0
ben	zcK9ym7p6GkZCE7QKLxgKyehb8v0PZtIAOxb26GQDWc
eve_revoked	91vt88Ugv0VmC62aUUn5DguLuTIR5Y0cUzweFYg6JhY
\.
CREATE TABLE doorkeeper.made AS SELECT timestamptz '2026-11-29 13:06:40+00' AS at;
