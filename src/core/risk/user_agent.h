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

#endif /* PGT_CORE_USER_AGENT_H */
