/*
 * vectors.h
 *		Keys and tokens printed in RFCs, which is to say: no secrets.
 */
#ifndef PGT_UNIT_VECTORS_H
#define PGT_UNIT_VECTORS_H

/* RFC 7515 appendix A.1: the payload is also RFC 7519 section 3.1's */
#define RFC7515_PAYLOAD                                                                          \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn" \
	"VlfQ"
#define RFC7515_A1_KEY \
	"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define RFC7515_A1                                              \
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC7515_PAYLOAD \
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

/* RFC 7515 appendix A.2 */
#define RFC7515_A2_JWK                                                                            \
	"{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-"  \
	"Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_"  \
	"7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3" \
	"qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWy" \
	"uXpoQ\",\"e\":\"AQAB\"}"
#define RFC7515_A2                                                                                \
	"eyJhbGciOiJSUzI1NiJ9." RFC7515_PAYLOAD                                                       \
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F" \
	"p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBM" \
	"Hlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2" \
	"w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

/* RFC 7515 appendix A.3 */
#define RFC7515_A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define RFC7515_A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define RFC7515_A3_JWK \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}"
#define RFC7515_A3                          \
	"eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD \
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* RFC 7638 section 3.1 */
#define RFC7638_N                                                                                   \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJEC"   \
	"PebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY" \
	"368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"  \
	"M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define RFC7638_JWK                                                                                \
	"{\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-" \
	"29\"}"
#define RFC7638_THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

/* RFC 8037 appendices A.2 to A.4; the PEM is the private key of A.1 as RFC 8410 writes it */
#define RFC8037_PEM                                                      \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"
#define RFC8037_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define RFC8037_JWK "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X "\"}"
#define RFC8037_THUMBPRINT "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define RFC8037_SIGNING_INPUT "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define RFC8037_A4        \
	RFC8037_SIGNING_INPUT \
	".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

/* RFC 7636 appendix B */
#define RFC7636_VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC7636_CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/* RFC 9449 figures 2 and 13: one key, in section 6.1 its thumbprint */
#define RFC9449_HEADER                                                                         \
	"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0" \
	"VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10" \
	"NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
#define RFC9449_FIGURE_2                                                                       \
	RFC9449_HEADER                                                                             \
	"eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1w" \
	"bGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg" \
	"4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
#define RFC9449_FIGURE_13                                                                      \
	RFC9449_HEADER                                                                             \
	"eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFt" \
	"cGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF" \
	"c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6" \
	"pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
#define RFC9449_JKT "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
#define RFC9449_TOKEN "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
#define RFC9449_ATH "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"

/* RFC 8705 appendix A: the base64 of the certificate, and its PEM body as nginx escapes it */
#define RFC8705_CERTIFICATE                                            \
	"MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx" \
	"ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG" \
	"SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ" \
	"/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID" \
	"SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV" \
	"bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY="
#define RFC8705_PEM_BODY                                                          \
	"MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx%0A"         \
	"ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG%0A"         \
	"SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ%0A"         \
	"%2FAu08%2FcoZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID%0A"     \
	"SQAwRgIhAP0RC1E%2BvwJD%2FD1AGHGzuri%2BhlV%2FPpQEKTWUVeORWz83AiEA5x2eXZOV%0A" \
	"bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L%2BSY%3D%0A"
#define RFC8705_X5T_S256 "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"

/* a self-signed certificate with a subject that needs every kind of escaping; its key is gone */
#define OTHER_CERTIFICATE                                              \
	"MIICJDCCAcugAwIBAgIUftfyGvRb9XY7vjdSanhx9ajHMXowCgYIKoZIzj0EAwIw" \
	"aDELMAkGA1UEBhMCREUxFzAVBgNVBAoMDkV4w6RtcGxlLCBJbmMuMRQwCAYDVQQL" \
	"DAFhMAgGA1UECwwBYjESMBAGCgmSJomT8ixkAQEMAngxMRYwFAYDVQQDDA1jbGll" \
	"bnQgIzEgInEiMB4XDTI2MTEyMTIzMDQzOVoXDTM2MTExODIzMDQzOVowaDELMAkG" \
	"A1UEBhMCREUxFzAVBgNVBAoMDkV4w6RtcGxlLCBJbmMuMRQwCAYDVQQLDAFhMAgG" \
	"A1UECwwBYjESMBAGCgmSJomT8ixkAQEMAngxMRYwFAYDVQQDDA1jbGllbnQgIzEg" \
	"InEiMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgbLdRSX6sB757+XjIO6AQXv8" \
	"LTAYzPyinapcp3unCf884YFqbrpnBrYFWy7ZP19WviJNaOEV0GglD3lN+Ghmk6NT" \
	"MFEwHQYDVR0OBBYEFFbCJiFMcyVxjeiSQGE1ufQztONBMB8GA1UdIwQYMBaAFFbC" \
	"JiFMcyVxjeiSQGE1ufQztONBMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID" \
	"RwAwRAIgYKCZBJmNZBebMjsKxqWf+ZIGxRR+IVRPoSB44eEK8scCIA0VIy4jDhDY" \
	"n03NfPxpIkznSCLXzMuN5JDQWR5riaoi"
#define OTHER_X5T_S256 "4Kyr6wcZwCsQUEovGeR2R9s847vhNjTljpM9O_gp0Bw"
#define OTHER_SUBJECT "CN=client #1 \\\"q\\\",UID=x1,OU=b+OU=a,O=Ex\\C3\\A4mple\\, Inc.,C=DE"

#endif /* PGT_UNIT_VECTORS_H */
