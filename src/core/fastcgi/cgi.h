/*
 * cgi.h
 *		The parameters that a web server sends with a request (RFC 3875), and the
 *		head of what it is answered.
 *
 * A header of the client's can only become a parameter whose name begins with
 * HTTP_; every other name is the web server's own word.  That is what an address
 * and a certificate are believed for.
 */
#ifndef PGT_CORE_CGI_H
#define PGT_CORE_CGI_H

#include "core/base/buf.h"

#define PGTC_CGI_HEADERS_MAX 200
#define PGTC_CGI_CONTEXT_MAX 16
#define PGTC_CGI_METHOD_MAX 32
#define PGTC_CGI_CONTEXT_NAME_MAX 63

typedef struct PgtcCgiPair
{
	PgtcSlice name; /* in lower case */
	PgtcSlice value;
} PgtcCgiPair;

/*
 * Values point into the parameters, names into storage; data == NULL is what was
 * not sent.  Empty is the same, as web servers send what they do not know, but for
 * the headers' values and the certificate: it is asked for, and there was none.
 */
typedef struct PgtcCgiRequest
{
	PgtcSlice method; /* REQUEST_METHOD */
	PgtcSlice target; /* REQUEST_URI, as the client has sent it: path and query */
	PgtcSlice address; /* REMOTE_ADDR */
	PgtcSlice scheme; /* REQUEST_SCHEME */
	PgtcSlice certificate; /* PGTOKEN_CERTIFICATE */
	PgtcSlice proxied; /* PGTOKEN_PROXIED: on */
	PgtcSlice request_id; /* PGTOKEN_REQUEST_ID */
	PgtcSlice routed; /* PGTOKEN_ROUTED: how often another shard has sent it on */
	PgtcSlice carried; /* PGTOKEN_CARRIED: what the last one tells this one */
	PgtcSlice content_type; /* CONTENT_TYPE */
	PgtcSlice content_length; /* CONTENT_LENGTH: digits */
	int n_headers;
	PgtcCgiPair header[PGTC_CGI_HEADERS_MAX]; /* HTTP_*, "_" as "-", and the two of the content */
	int n_context;
	PgtcCgiPair context[PGTC_CGI_CONTEXT_MAX]; /* PGTOKEN_CONTEXT_* */
	PgtcBuf storage;
} PgtcCgiRequest;

/* the next name and value; PGTC_E_MALFORMED at the end of rest, and where it is cut short */
extern PgtcCode pgtc_cgi_next(PgtcSlice *rest, PgtcSlice *name, PgtcSlice *value);

/*
 * PGTC_E_MALFORMED: cut short, no method, a target that is no path, a CR, LF or NUL
 * in a header or a NUL in what else is kept; PGTC_E_TOO_LONG: more than the limits
 * above.  Of what comes twice and is no HTTP_* the last counts, as others have it.
 */
extern PgtcCode pgtc_cgi_read(PgtcSlice params, const PgtcMem *mem, PgtcCgiRequest *out);
extern void pgtc_cgi_free(PgtcCgiRequest *request); /* wipes */

/* the path of the target: what stands before the query */
extern PgtcSlice pgtc_cgi_path(const PgtcCgiRequest *request);

/* by which the web server has logged the request; empty: it has said none that is fit to be kept (core/base/mark.h) */
extern PgtcSlice pgtc_cgi_request_id(const PgtcCgiRequest *request);

/* bytes that the body has; -1: not sent, or more than anything has */
extern int64_t pgtc_cgi_content_length(const PgtcCgiRequest *request);

/* appends the line; nothing, and PGTC_E_MALFORMED, where name or value could be another line's */
extern PgtcCode pgtc_cgi_write_header(PgtcBuf *out, PgtcSlice name, PgtcSlice value);
extern void pgtc_cgi_write_status(PgtcBuf *out, int status); /* 100 to 999 */

#endif /* PGT_CORE_CGI_H */
