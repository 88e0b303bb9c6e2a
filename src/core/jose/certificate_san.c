/*
 * certificate_san.c
 *		Names of a certificate's subject beside the distinguished one.
 *
 * Entries are octets with a length: one with a NUL in it is not the name before it.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/jose/certificate_san.h"
#include "core/base/address.h"
#include "core/base/slice.h"
#include "core/base/uri.h"
#include "core/jose/certificate.h"

#define NAME_MAX_LEN 1000

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool
same_host(PgtcSlice a, PgtcSlice b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
	{
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	}
	return true;
}

/* RFC 5280 section 4.2.1.6: letters, digits and hyphens, in labels that are not empty */
static bool
is_host(PgtcSlice name)
{
	size_t label = 0;
	size_t i;

	if (name.len == 0 || name.len > 253)
		return false;
	for (i = 0; i < name.len; i++)
	{
		char c = lower(name.data[i]);
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (c == '.' && label > 0 && name.data[i - 1] != '-')
			label = 0;
		else if ((alnum || (c == '-' && label > 0)) && label < 63)
			label++;
		else
			return false;
	}
	return label > 0 && name.data[name.len - 1] != '-';
}

/* what stands before and behind the @ */
static bool
split_mailbox(PgtcSlice name, PgtcSlice *local, PgtcSlice *host)
{
	*host = name;
	*local = pgtc_slice_take(host, '@');
	return local->len > 0 && local->len < name.len;
}

static bool
is_mailbox(PgtcSlice name)
{
	PgtcSlice local;
	PgtcSlice host;
	size_t i;

	if (!split_mailbox(name, &local, &host) || !is_host(host))
		return false;
	for (i = 0; i < local.len; i++)
	{
		if (local.data[i] <= ' ' || local.data[i] > '~')
			return false;
	}
	return true;
}

bool
pgtc_certificate_san_valid(PgtcSanKind kind, PgtcSlice name)
{
	PgtcAddress address;
	PgtcUri uri;

	if (name.len == 0 || name.len > NAME_MAX_LEN)
		return false;
	switch (kind)
	{
		case PGTC_SAN_DNS:
			return is_host(name);
		case PGTC_SAN_URI:
			return pgtc_uri_split(name, &uri) == PGTC_OK;
		case PGTC_SAN_IP:
			return pgtc_address_parse(name, &address) == PGTC_OK;
		case PGTC_SAN_EMAIL:
			return is_mailbox(name);
	}
	return false;
}

static bool
same_mailbox(PgtcSlice a, PgtcSlice b)
{
	PgtcSlice local[2];
	PgtcSlice host[2];

	return split_mailbox(a, &local[0], &host[0]) && split_mailbox(b, &local[1], &host[1]) &&
		   pgtc_slice_equal(local[0], local[1]) && same_host(host[0], host[1]);
}

static bool
same_address(PgtcSlice octets, PgtcSlice name)
{
	PgtcAddress address;

	return pgtc_address_parse(name, &address) == PGTC_OK &&
		   octets.len == (size_t) address.bits / 8 &&
		   memcmp(octets.data, address.bytes, octets.len) == 0;
}

static PgtcSlice
octets_of(const ASN1_STRING *string)
{
	return pgtc_slice((const char *) ASN1_STRING_get0_data(string),
					  (size_t) ASN1_STRING_length(string));
}

static bool
is_name(const GENERAL_NAME *entry, PgtcSanKind kind, PgtcSlice name)
{
	static const int types[] = {[PGTC_SAN_DNS] = GEN_DNS,
								[PGTC_SAN_URI] = GEN_URI,
								[PGTC_SAN_IP] = GEN_IPADD,
								[PGTC_SAN_EMAIL] = GEN_EMAIL};
	int type;
	const ASN1_STRING *string = GENERAL_NAME_get0_value(entry, &type);

	if (type != types[kind] || string == NULL)
		return false;
	switch (kind)
	{
		case PGTC_SAN_DNS:
			return same_host(octets_of(string), name);
		case PGTC_SAN_URI:
			return pgtc_slice_equal(octets_of(string), name);
		case PGTC_SAN_IP:
			return same_address(octets_of(string), name);
		case PGTC_SAN_EMAIL:
			return same_mailbox(octets_of(string), name);
	}
	return false;
}

static bool
has_name(const X509 *certificate, PgtcSanKind kind, PgtcSlice name)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool has = false;
	int i;

	/* none, several extensions of the kind, or one that cannot be read */
	if (names == NULL)
		return false;
	for (i = 0; i < sk_GENERAL_NAME_num(names) && !has; i++)
		has = is_name(sk_GENERAL_NAME_value(names, i), kind, name);
	GENERAL_NAMES_free(names);
	return has;
}

PgtcCode
pgtc_certificate_san_match(PgtcSlice value, const PgtcMem *mem, PgtcSanKind kind, PgtcSlice name,
						   bool *has)
{
	const unsigned char *at;
	X509 *certificate;
	PgtcBuf der;
	PgtcCode code;

	*has = false;
	pgtc_buf_init(&der, mem);
	code = pgtc_certificate_der(value, &der);
	if (code == PGTC_OK)
	{
		at = (const unsigned char *) der.data;
		certificate = d2i_X509(NULL, &at, (long) der.len);
		if (certificate == NULL || at != (const unsigned char *) der.data + der.len)
			code = PGTC_E_MALFORMED;
		else
			*has = pgtc_certificate_san_valid(kind, name) && has_name(certificate, kind, name);
		X509_free(certificate);
	}
	pgtc_buf_free(&der);
	ERR_clear_error();
	return code;
}
