/*
 * user_agent.h
 *		What a User-Agent header says.
 */
#ifndef PGT_CORE_USER_AGENT_H
#define PGT_CORE_USER_AGENT_H

#include "core/base/slice.h"

/* as much as tells a browser's update from another program: names are ASCII, lower case */
typedef struct PgtcUserAgent
{
	char family[32]; /* chrome, firefox, safari, edge, ..., else the first product token */
	char platform[16]; /* windows, macos, ios, android, linux, ...; "" unknown */
	int major; /* -1: none */
} PgtcUserAgent;

/* never fails: whatever comes is some family */
extern void pgtc_user_agent_parse(PgtcSlice in, PgtcUserAgent *out);

/* "chrome 120 on windows", ended by NUL; PGTC_USER_AGENT_SHOWN bytes are enough for any */
#define PGTC_USER_AGENT_SHOWN 64
extern void pgtc_user_agent_show(const PgtcUserAgent *agent, char *out, size_t size);

/*
 * For people: "Chrome on Windows", of what is no browser that is known "curl", of what
 * says nothing "".  Ended by NUL; PGTC_USER_AGENT_SHOWN bytes are enough for any.
 */
extern void pgtc_user_agent_words(const PgtcUserAgent *agent, char *out, size_t size);

#endif /* PGT_CORE_USER_AGENT_H */
