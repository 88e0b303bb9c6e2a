/*
 * fastcgi.h
 *		FastCGI 1.0, the application's side: what a web server sends on one
 *		connection becomes one request, what is answered becomes records.
 *
 * One request a connection, of a responder; another one before it has ended is
 * refused, as the protocol lets an application do (FCGI_CANT_MPX_CONN).
 */
#ifndef PGT_CORE_FASTCGI_H
#define PGT_CORE_FASTCGI_H

#include "core/base/buf.h"

#define PGTC_FASTCGI_PARAMS_MAX 65536 /* bytes of all parameters */
#define PGTC_FASTCGI_BODY_MAX \
	65537 /* one more than the door takes, so that it is the door that refuses it */
#define PGTC_FASTCGI_INPUT_MAX (1024 * 1024) /* bytes of a connection, read or passed over */
#define PGTC_FASTCGI_REPLIES_MAX 16 /* records that are answered at once */

typedef enum PgtcFastcgiState
{
	PGTC_FASTCGI_READING,
	PGTC_FASTCGI_COMPLETE, /* parameters and body are whole, or as large as they may be: see too_large */
	PGTC_FASTCGI_ENDED, /* aborted, or refused in replies: nothing else is answered */
	PGTC_FASTCGI_BROKEN /* not FastCGI, or no memory: nothing is answered */
} PgtcFastcgiState;

typedef struct PgtcFastcgi
{
	PgtcFastcgiState state;
	bool params_too_large; /* what is beyond the limit was passed over */
	bool body_too_large;
	uint16_t id; /* of the request; 0: none has begun */
	PgtcBuf params; /* name-value pairs, for core/fastcgi/cgi.h */
	PgtcBuf body;
	PgtcBuf replies; /* records to send, and to forget then */

	/* private */
	int connections; /* what FCGI_GET_VALUES is told */
	bool params_ended;
	bool body_ended;
	int n_replies;
	size_t input; /* bytes so far */
	uint8_t header[8]; /* of the record that is being read */
	size_t header_len;
	size_t content_left;
	size_t padding_left;
	PgtcBuf content; /* of a record that is looked at as a whole */
} PgtcFastcgi;

/* connections: how many the application serves at once */
extern void pgtc_fastcgi_init(PgtcFastcgi *fastcgi, const PgtcMem *mem, int connections);
extern void pgtc_fastcgi_free(PgtcFastcgi *fastcgi); /* wipes */

/*
 * The next bytes of the connection, however they are cut.  What comes after the
 * request is looked at as well: the web server may abort it.
 */
extern PgtcFastcgiState pgtc_fastcgi_feed(PgtcFastcgi *fastcgi, PgtcSlice bytes);

/* appends all of an answer: standard output and that the request has ended */
extern void pgtc_fastcgi_answer(PgtcBuf *out, uint16_t id, PgtcSlice output);

#endif /* PGT_CORE_FASTCGI_H */
