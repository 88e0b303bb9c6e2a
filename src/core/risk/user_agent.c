/*
 * user_agent.c
 *		User agents (RFC 9110 section 10.1.5), as far as it takes to tell an update
 *		of a browser from another browser.
 *
 * Browsers name those they want to be taken for, too: Edge says it is Chrome and
 * Safari, and all say Mozilla.  So the names are looked for from the rarest to the
 * most imitated, and what has none of them goes by the first name it gives.
 */
#include "core/risk/user_agent.h"

#include <stdio.h>

#include "core/base/ascii.h"

typedef struct Name
{
	const char *text;
	const char *means;
} Name;

/* product tokens; the first one that is there counts */
static const Name products[] = {
	{"Edg", "edge"},
	{"EdgA", "edge"},
	{"EdgiOS", "edge"},
	{"Edge", "edge"},
	{"OPR", "opera"},
	{"OPT", "opera"},
	{"OPiOS", "opera"},
	{"Opera", "opera"},
	{"SamsungBrowser", "samsung"},
	{"Vivaldi", "vivaldi"},
	{"YaBrowser", "yandex"},
	{"UCBrowser", "uc"},
	{"HuaweiBrowser", "huawei"},
	{"MiuiBrowser", "miui"},
	{"Silk", "silk"},
	{"Whale", "whale"},
	{"DuckDuckGo", "duckduckgo"},
	{"Ddg", "duckduckgo"},
	{"GSA", "google app"},
	{"Electron", "electron"},
	{"SeaMonkey", "seamonkey"},
	{"Focus", "firefox focus"},
	{"Firefox", "firefox"},
	{"FxiOS", "firefox"},
	{"HeadlessChrome", "headless chrome"},
	{"Chromium", "chrome"},
	{"Chrome", "chrome"},
	{"CriOS", "chrome"},
	{"Safari", "safari"},
	{"Trident", "internet explorer"},
	{"AppleWebKit", "webkit"},
};

/* words anywhere; iOS says that it is like Mac OS X, Android that it is Linux */
static const Name platforms[] = {
	{"Windows", "windows"}, {"iPhone", "ios"},		{"iPad", "ios"},	  {"iPod", "ios"},
	{"iOS", "ios"},			{"Android", "android"}, {"CrOS", "chromeos"}, {"Macintosh", "macos"},
	{"Mac OS X", "macos"},	{"macOS", "macos"},		{"Linux", "linux"},	  {"X11", "linux"},
	{"Darwin", "darwin"},
};

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* nobody counts so far: what is larger is no version */
#define MAJOR_MAX 999999999

/*
 * Where the word ends, 0 when it is not there: no letter before it, and after it
 * the character that was asked for, or no letter.  Case does not matter.
 */
static size_t
find_word(PgtcSlice in, const char *word, char after)
{
	size_t len = strlen(word);
	size_t at;
	size_t i;

	for (at = 0; at + len <= in.len; at++)
	{
		char next = at + len < in.len ? in.data[at + len] : '\0';

		if (at > 0 && pgtc_ascii_letter(in.data[at - 1]))
			continue;
		for (i = 0; i < len && pgtc_ascii_lower(in.data[at + i]) == pgtc_ascii_lower(word[i]); i++)
			;
		if (i == len && (after != '\0' ? next == after : !pgtc_ascii_letter(next)))
			return at + len;
	}
	return 0;
}

/* -1 when there is none */
static int
number_at(PgtcSlice in, size_t at)
{
	int number = 0;
	size_t start = at;

	for (; at < in.len && pgtc_ascii_digit(in.data[at]); at++)
	{
		if (number > (MAJOR_MAX - 9) / 10)
			return -1;
		number = number * 10 + (in.data[at] - '0');
	}
	return at > start ? number : -1;
}

void
pgtc_user_agent_show(const PgtcUserAgent *agent, char *out, size_t size)
{
	int len = snprintf(out, size, "%s", agent->family);

	if (agent->major >= 0)
		len += snprintf(out + len, size - (size_t) len, " %d", agent->major);
	if (agent->platform[0] != '\0')
		snprintf(out + len, size - (size_t) len, " on %s", agent->platform);
}

/* as their makers write them, where that is not each word with a capital */
static const Name spellings[] = {
	{"duckduckgo", "DuckDuckGo"},
	{"google app", "Google app"},
	{"headless chrome", "Headless Chrome"},
	{"miui", "MIUI Browser"},
	{"samsung", "Samsung Internet"},
	{"seamonkey", "SeaMonkey"},
	{"uc", "UC Browser"},
	{"webkit", "an app"},
	{"webview", "an app"},
	{"chromeos", "ChromeOS"},
	{"ios", "iOS"},
	{"macos", "macOS"},
};

/* is it one of those that we know, and not what somebody has made up? */
static bool
is_browser(const char *family)
{
	size_t i;

	for (i = 0; i < lengthof(products); i++)
	{
		if (strcmp(products[i].means, family) == 0)
			return true;
	}
	return false;
}

static void
spell(const char *name, char out[32])
{
	size_t i;

	for (i = 0; i < lengthof(spellings); i++)
	{
		if (strcmp(spellings[i].text, name) == 0)
		{
			strcpy(out, spellings[i].means);
			return;
		}
	}
	for (i = 0; name[i] != '\0'; i++)
	{
		bool first = i == 0 || name[i - 1] == ' ';

		out[i] = first && name[i] >= 'a' && name[i] <= 'z' ? (char) (name[i] - 'a' + 'A') : name[i];
	}
	out[i] = '\0';
}

void
pgtc_user_agent_words(const PgtcUserAgent *agent, char *out, size_t size)
{
	char family[32];
	char platform[32] = "";

	strcpy(family, agent->family);
	if (is_browser(agent->family) || strcmp(agent->family, "webview") == 0)
		spell(agent->family, family);
	if (agent->platform[0] != '\0')
		spell(agent->platform, platform);
	snprintf(out, size, "%s%s%s", family, family[0] && platform[0] ? " on " : "", platform);
}

static bool
known_product(PgtcSlice in, PgtcUserAgent *out)
{
	size_t i;

	for (i = 0; i < lengthof(products); i++)
	{
		size_t end = find_word(in, products[i].text, '/');

		if (end == 0)
			continue;
		strcpy(out->family, products[i].means);
		/* Safari counts its own versions in another product, as does what is built on it */
		if (strcmp(out->family, "safari") == 0)
			end = find_word(in, "Version", '/');
		/* a page inside an app on Android is not Chrome */
		if (strcmp(out->family, "chrome") == 0 && find_word(in, "wv", ')') != 0)
			strcpy(out->family, "webview");
		if (end != 0)
			out->major = number_at(in, end + 1);
		return true;
	}
	return false;
}

/* up to a white space, a slash or a parenthesis; what is not printable becomes '?' */
static void
first_product(PgtcSlice in, PgtcUserAgent *out)
{
	size_t len = 0;
	size_t at = 0;

	while (at < in.len && (in.data[at] == ' ' || in.data[at] == '\t'))
		at++;
	for (; at < in.len; at++)
	{
		char c = in.data[at];

		if (c == '/')
		{
			out->major = number_at(in, at + 1);
			break;
		}
		if (c == ' ' || c == '\t' || c == '(')
			break;
		if (len < sizeof(out->family) - 1)
			out->family[len++] = c > ' ' && c < 0x7f ? pgtc_ascii_lower(c) : '?';
	}
}

void
pgtc_user_agent_parse(PgtcSlice in, PgtcUserAgent *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	out->major = -1;
	for (i = 0; i < lengthof(platforms); i++)
	{
		if (find_word(in, platforms[i].text, '\0') != 0)
		{
			strcpy(out->platform, platforms[i].means);
			break;
		}
	}
	if (!known_product(in, out))
		first_product(in, out);
}
