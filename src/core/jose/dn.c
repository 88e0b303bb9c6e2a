/*
 * dn.c
 *		Distinguished names as strings (RFC 4514), for comparing them.
 *
 *		distinguishedName = relativeDistinguishedName *( "," relativeDistinguishedName )
 *		relativeDistinguishedName = attributeTypeAndValue *( "+" attributeTypeAndValue )
 *		attributeTypeAndValue = attributeType "=" attributeValue
 */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "core/jose/dn.h"
#include "core/base/ascii.h"
#include "core/base/bytes.h"
#include "core/base/uri.h"

#define ATTRIBUTES_MAX 16 /* of one RDN */
#define OID_TEXT_MAX 128
#define TYPE_MAX 64 /* bytes of a keyword */

/* one RDN: its attributes as they are written, one after the other */
typedef struct Rdn
{
	PgtcBuf text;
	size_t start[ATTRIBUTES_MAX + 1];
	int n;
} Rdn;

/* numericoid = number 1*( DOT number ), number without leading zeros (RFC 4512 section 1.4); OpenSSL reads more */
static bool
oid_valid(PgtcSlice oid)
{
	size_t start = 0;
	size_t i;
	int dots = 0;

	for (i = 0; i <= oid.len; i++)
	{
		if (i < oid.len && pgtc_ascii_digit(oid.data[i]))
			continue;
		if (i == start || (oid.data[start] == '0' && i > start + 1) ||
			(i < oid.len && oid.data[i] != '.'))
			return false;
		dots += i < oid.len;
		start = i + 1;
	}
	return dots > 0;
}

/* RFC 4514 section 3, and what everybody writes for an address; then whatever OpenSSL knows, in any case */
static ASN1_OBJECT *
object_of_keyword(const char *keyword)
{
	static const struct
	{
		const char *keyword;
		int nid;
	} known[] = {
		{"CN", NID_commonName},
		{"L", NID_localityName},
		{"ST", NID_stateOrProvinceName},
		{"O", NID_organizationName},
		{"OU", NID_organizationalUnitName},
		{"C", NID_countryName},
		{"STREET", NID_streetAddress},
		{"DC", NID_domainComponent},
		{"UID", NID_userId},
		{"E", NID_pkcs9_emailAddress},
	};
	size_t i;
	int nid;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (pgtc_ascii_is(pgtc_slice_str(keyword), known[i].keyword))
			return OBJ_nid2obj(known[i].nid);
	}
	for (nid = 1; nid < OBJ_new_nid(0); nid++)
	{
		const char *sn = OBJ_nid2sn(nid);
		const char *ln = OBJ_nid2ln(nid);

		if ((sn != NULL && pgtc_ascii_is(pgtc_slice_str(keyword), sn)) ||
			(ln != NULL && pgtc_ascii_is(pgtc_slice_str(keyword), ln)))
			return OBJ_nid2obj(nid);
	}
	return NULL;
}

static PgtcCode
write_type(PgtcSlice type, PgtcBuf *out)
{
	char text[OID_TEXT_MAX];
	ASN1_OBJECT *object;
	int len;

	if (type.len == 0 || type.len > TYPE_MAX ||
		(pgtc_ascii_digit(type.data[0]) && !oid_valid(type)))
		return PGTC_E_MALFORMED;
	memcpy(text, type.data, type.len);
	text[type.len] = '\0';
	object = pgtc_ascii_digit(text[0]) ? OBJ_txt2obj(text, 1) : object_of_keyword(text);
	if (object == NULL)
		return PGTC_E_MALFORMED;
	len = OBJ_obj2txt(text, sizeof(text), object, 1);
	ASN1_OBJECT_free(object);
	if (len <= 0 || len >= (int) sizeof(text))
		return PGTC_E_TOO_LONG;
	pgtc_buf_append(out, text, (size_t) len);
	return PGTC_OK;
}

static void
skip(PgtcSlice *at, size_t n)
{
	*at = pgtc_slice(at->data + n, at->len - n);
}

/* attributeType = descr / numericoid; RFC 2253 section 4: with "OID." before it, too */
static PgtcCode
read_type(PgtcSlice *at, PgtcBuf *out)
{
	PgtcSlice type;
	size_t i;

	if (at->len > 4 && (at->data[0] == 'O' || at->data[0] == 'o') &&
		(at->data[1] == 'I' || at->data[1] == 'i') && (at->data[2] == 'D' || at->data[2] == 'd') &&
		at->data[3] == '.')
		skip(at, 4);
	i = 0;
	while (i < at->len && pgtc_uri_unreserved(at->data[i]))
		i++;
	type = pgtc_slice(at->data, i);
	skip(at, i);
	return write_type(type, out);
}

/* strchr finds the terminator too */
static bool
one_of(char c, const char *chars)
{
	return c != '\0' && strchr(chars, c) != NULL;
}

/* pair = ESC ( ESC / special / hexpair ) */
static PgtcCode
read_escaped(PgtcSlice *at, char *c)
{
	int byte = at->len > 1 ? pgtc_bytes_hex(at->data) : -1;

	if (byte >= 0)
	{
		*c = (char) byte;
		skip(at, 2);
		return PGTC_OK;
	}
	if (at->len == 0 || !one_of(at->data[0], "\\\"+,;<> #="))
		return PGTC_E_MALFORMED;
	*c = at->data[0];
	skip(at, 1);
	return PGTC_OK;
}

static void
write_hex(PgtcBuf *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++)
	{
		pgtc_buf_append(out, &digits[data[i] >> 4], 1);
		pgtc_buf_append(out, &digits[data[i] & 15], 1);
	}
}

static PgtcCode
read_string(PgtcSlice *at, const PgtcMem *mem, PgtcBuf *out)
{
	PgtcCode code = PGTC_OK;
	PgtcBuf value;
	size_t end = 0; /* behind the last byte that is no unescaped space */

	pgtc_buf_init(&value, mem);
	while (code == PGTC_OK && at->len > 0 && !one_of(at->data[0], ",+"))
	{
		char c = at->data[0];
		bool escaped = c == '\\';

		skip(at, 1);
		if (escaped)
			code = read_escaped(at, &c);
		else if (c == '\0' || one_of(c, "\";<>"))
			code = PGTC_E_MALFORMED;
		pgtc_buf_append(&value, &c, 1);
		if (escaped || c != ' ')
			end = value.len;
	}
	if (code == PGTC_OK)
		code = pgtc_buf_code(&value);
	if (code == PGTC_OK)
		write_hex(out, (const uint8_t *) value.data, end);
	pgtc_buf_free(&value);
	return code;
}

/* text as its UTF-8 bytes, like a string; of any other type the DER, with a mark that no string has */
static PgtcCode
write_der(const PgtcBuf *der, PgtcBuf *out)
{
	const unsigned char *at = (const unsigned char *) der->data;
	unsigned char *text = NULL;
	ASN1_TYPE *value = der->len > 0 ? d2i_ASN1_TYPE(NULL, &at, (long) der->len) : NULL;
	int len = -1;

	if (value == NULL || at != (const unsigned char *) der->data + der->len)
	{
		ASN1_TYPE_free(value);
		return PGTC_E_MALFORMED;
	}
	switch (ASN1_TYPE_get(value))
	{
		case V_ASN1_UTF8STRING:
		case V_ASN1_PRINTABLESTRING:
		case V_ASN1_T61STRING:
		case V_ASN1_IA5STRING:
		case V_ASN1_NUMERICSTRING:
		case V_ASN1_VISIBLESTRING:
		case V_ASN1_UNIVERSALSTRING:
		case V_ASN1_BMPSTRING:
			len = ASN1_STRING_to_UTF8(&text, value->value.asn1_string);
			break;
		default:
			break;
	}
	if (len < 0)
		pgtc_buf_append(out, "#", 1);
	write_hex(out, len < 0 ? (const uint8_t *) der->data : text, len < 0 ? der->len : (size_t) len);
	OPENSSL_free(text);
	ASN1_TYPE_free(value);
	return PGTC_OK;
}

/* hexstring = SHARP 1*hexpair, the DER of the value */
static PgtcCode
read_hex(PgtcSlice *at, const PgtcMem *mem, PgtcBuf *out)
{
	PgtcCode code;
	PgtcBuf der;

	pgtc_buf_init(&der, mem);
	while (at->len > 1 && pgtc_bytes_hex(at->data) >= 0)
	{
		char c = (char) pgtc_bytes_hex(at->data);

		pgtc_buf_append(&der, &c, 1);
		skip(at, 2);
	}
	code = pgtc_buf_code(&der);
	if (code == PGTC_OK)
		code = write_der(&der, out);
	pgtc_buf_free(&der);
	return code;
}

static bool
take(PgtcSlice *at, char c)
{
	if (at->len == 0 || at->data[0] != c)
		return false;
	skip(at, 1);
	return true;
}

/* attributeValue = string / hexstring */
static PgtcCode
read_value(PgtcSlice *at, const PgtcMem *mem, PgtcBuf *out)
{
	return take(at, '#') ? read_hex(at, mem, out) : read_string(at, mem, out);
}

static void
skip_spaces(PgtcSlice *at)
{
	while (take(at, ' '))
	{
		/* RFC 2253 section 4: implementations allow for them around separators */
	}
}

static PgtcCode
read_rdn(PgtcSlice *at, const PgtcMem *mem, Rdn *rdn)
{
	do
	{
		PgtcCode code;

		if (rdn->n == ATTRIBUTES_MAX)
			return PGTC_E_TOO_LONG;
		skip_spaces(at);
		code = read_type(at, &rdn->text);
		skip_spaces(at);
		if (code == PGTC_OK && !take(at, '='))
			code = PGTC_E_MALFORMED;
		if (code != PGTC_OK)
			return code;
		pgtc_buf_append(&rdn->text, "=", 1);
		skip_spaces(at);
		code = read_value(at, mem, &rdn->text);
		if (code == PGTC_OK)
			code = pgtc_buf_code(&rdn->text);
		if (code != PGTC_OK)
			return code;
		skip_spaces(at);
		rdn->start[++rdn->n] = rdn->text.len;
	} while (take(at, '+'));
	return PGTC_OK;
}

static PgtcSlice
attribute(const Rdn *rdn, int i)
{
	return pgtc_slice((const char *) rdn->text.data + rdn->start[i],
					  rdn->start[i + 1] - rdn->start[i]);
}

static bool
comes_before(PgtcSlice a, PgtcSlice b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order < 0 || (order == 0 && a.len < b.len);
}

/* a set of attributes has no order (RFC 4514 section 2.2), so they are written sorted */
static void
write_rdn(const Rdn *rdn, PgtcBuf *out)
{
	bool written[ATTRIBUTES_MAX] = {false};
	int i;
	int j;

	for (i = 0; i < rdn->n; i++)
	{
		int least = -1;

		for (j = 0; j < rdn->n; j++)
		{
			if (!written[j] &&
				(least < 0 || comes_before(attribute(rdn, j), attribute(rdn, least))))
				least = j;
		}
		written[least] = true;
		if (i > 0)
			pgtc_buf_append(out, "+", 1);
		pgtc_buf_append(out, attribute(rdn, least).data, attribute(rdn, least).len);
	}
}

PgtcCode
pgtc_dn_normalise(PgtcSlice dn, const PgtcMem *mem, PgtcBuf *out)
{
	size_t start = out->len;
	PgtcCode code;

	if (dn.len > PGTC_DN_MAX)
		return PGTC_E_TOO_LONG;
	ERR_clear_error();
	do
	{
		Rdn rdn = {.n = 0};

		pgtc_buf_init(&rdn.text, mem);
		code = read_rdn(&dn, mem, &rdn);
		if (code == PGTC_OK && out->len > start)
			pgtc_buf_append(out, ",", 1);
		if (code == PGTC_OK)
			write_rdn(&rdn, out);
		pgtc_buf_free(&rdn.text);
	} while (code == PGTC_OK && take(&dn, ','));
	if (code == PGTC_OK && dn.len > 0)
		code = PGTC_E_MALFORMED;
	if (code == PGTC_OK)
		code = pgtc_buf_code(out);
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	ERR_clear_error();
	return code;
}
