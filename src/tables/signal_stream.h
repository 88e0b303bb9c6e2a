/*
 * signal_stream.h
 *		Streams of signals (OpenID Shared Signals Framework), and what receivers ask of them.
 */
#ifndef PGT_SIGNAL_STREAM_H
#define PGT_SIGNAL_STREAM_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/issuer.h"

/* what a receiver is answered */
typedef struct SignalAnswer
{
	int status; /* 0: it is refused */
	char *refused; /* why; NULL: it is not */
	char *sentence; /* for the receiver; NULL: there is no more to say */
	Jsonb *body; /* NULL: none */
} SignalAnswer;

/* does anybody listen? */
extern bool signal_stream_any(void);

/* may a client of the issuer have streams? */
extern bool signal_stream_possible(const Issuer *issuer);

/* of the transmitter; NULL: the issuer has no signals */
extern char *signal_stream_metadata(const Issuer *issuer);

/* place: streams, status, verification or poll; stream_id NULL: in the body, or nowhere; body NULL: none */
extern void signal_stream_answer(const char *client_id, const char *place, const char *method,
								 const char *stream_id, Jsonb *body, SignalAnswer *answer);

#endif /* PGT_SIGNAL_STREAM_H */
