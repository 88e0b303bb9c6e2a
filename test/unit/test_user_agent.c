/*
 * test_user_agent.c
 *		User agents of browsers, apps and libraries, and what is none.
 */
#include <stdlib.h>

#include "unit.h"

#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "
#define IOS \
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "

static void
families(void)
{
	static const struct
	{
		const char *text;
		const char *family;
		int major;
		const char *platform;
	} cases[] = {
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT "Chrome/120.0.0.0 Safari/537.36",
		 "chrome", 120, "windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " WEBKIT "Chrome/120.0.0.0 Safari/537.36",
		 "chrome", 120, "macos"},
		{"Mozilla/5.0 (X11; Linux x86_64) " WEBKIT "Chrome/121.0.0.0 Safari/537.36", "chrome", 121,
		 "linux"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT "Chrome/119.0.0.0 Safari/537.36",
		 "chrome", 119, "chromeos"},
		{"Mozilla/5.0 (Linux; Android 10; K) " WEBKIT "Chrome/120.0.0.0 Mobile Safari/537.36",
		 "chrome", 120, "android"},
		{IOS "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1", "chrome", 120, "ios"},
		{"Mozilla/5.0 (X11; Linux x86_64) " WEBKIT "HeadlessChrome/120.0.6099.28 Safari/537.36",
		 "headless chrome", 120, "linux"},
		{"Mozilla/5.0 (Linux; Android 13; SM-G991B Build/TP1A; wv) " WEBKIT
		 "Version/4.0 Chrome/119.0.6045.163 Mobile Safari/537.36",
		 "webview", 119, "android"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
		 "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
		 "edge", 120, "windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " WEBKIT
		 "Chrome/119.0.0.0 Safari/537.36 Edg/119.0.0.0",
		 "edge", 119, "macos"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
		 "Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
		 "edge", 18, "windows"},
		{"Mozilla/5.0 (Linux; Android 10; HD1913) " WEBKIT
		 "Chrome/120.0.6099.43 Mobile Safari/537.36 EdgA/120.0.2210.61",
		 "edge", 120, "android"},
		{IOS "Version/17.0 EdgiOS/119.0.2151.105 Mobile/15E148 Safari/605.1.15", "edge", 119,
		 "ios"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
		 "firefox", 121, "windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 14.2; rv:121.0) Gecko/20100101 Firefox/121.0",
		 "firefox", 121, "macos"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
		 "firefox", 115, "linux"},
		{"Mozilla/5.0 (Android 14; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0", "firefox", 121,
		 "android"},
		{IOS "FxiOS/121.0 Mobile/15E148 Safari/605.1.15", "firefox", 121, "ios"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		 "Version/17.2 Safari/605.1.15",
		 "safari", 17, "macos"},
		{IOS "Version/17.2 Mobile/15E148 Safari/604.1", "safari", 17, "ios"},
		{"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		 "Version/16.6 Mobile/15E148 Safari/604.1",
		 "safari", 16, "ios"},
		/* a page inside an app on iOS */
		{IOS "Mobile/15E148", "webkit", 605, "ios"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
		 "Chrome/119.0.0.0 Safari/537.36 OPR/105.0.0.0",
		 "opera", 105, "windows"},
		{"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) " WEBKIT
		 "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
		 "samsung", 23, "android"},
		{"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
		 "internet explorer", 7, "windows"},
		{"curl/7.88.1", "curl", 7, ""},
		{"okhttp/4.12.0", "okhttp", 4, ""},
		{"Dalvik/2.1.0 (Linux; U; Android 13; Pixel 6 Build/TQ3A.230805.001)", "dalvik", 2,
		 "android"},
		{"Example/42 CFNetwork/1410.0.3 Darwin/22.6.0", "example", 42, "darwin"},
		{"My%20App/1 CFNetwork/1410.0.3 Darwin/22.6.0", "my%20app", 1, "darwin"},
		{"Example/1.0 (com.example.app; build:7; iOS 16.4.0) Alamofire/5.6.4", "example", 1, "ios"},
		{"python-requests/2.31.0", "python-requests", 2, ""},
		{"Go-http-client/1.1", "go-http-client", 1, ""},
		{"KioskBrowser/3", "kioskbrowser", 3, ""},
		{"NotChrome/99", "notchrome", 99, ""},
		{"Window", "window", -1, ""},
		{"Chrome", "chrome", -1, ""},
		{"Chrome/", "chrome", -1, ""},
		{"Chrome/x", "chrome", -1, ""},
		{"a/999999999", "a", 999999999, ""},
		{"a/1000000000", "a", -1, ""},
		{"a/99999999999999999999999999", "a", -1, ""},
		{"  a b/1", "a", -1, ""},
		{"", "", -1, ""},
		{" ", "", -1, ""},
		{"/7", "", 7, ""},
		{"(Windows)", "", -1, "windows"},
		{"\xff\x01\x7f", "???", -1, ""},
		{"\"><script>/1", "\"><script>", 1, ""},
		{"0123456789012345678901234567890123456789/5", "0123456789012345678901234567890", 5, ""},
	};
	PgtcUserAgent agent;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		/* exactly as large as it is, so that the sanitizer sees every byte too many */
		size_t len = strlen(cases[i].text);
		char *text = malloc(len > 0 ? len : 1);

		memcpy(text, cases[i].text, len);
		pgtc_user_agent_parse(pgtc_slice(text, len), &agent);
		CHECK(strcmp(agent.family, cases[i].family) == 0);
		CHECK(strcmp(agent.platform, cases[i].platform) == 0);
		CHECK(agent.major == cases[i].major);
		free(text);
	}
	pgtc_user_agent_parse(pgtc_slice(NULL, 0), &agent);
	CHECK(agent.family[0] == '\0' && agent.platform[0] == '\0' && agent.major == -1);
}

static void
words(void)
{
	static const struct
	{
		const char *text;
		const char *words;
	} cases[] = {
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
		 "Firefox on Windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " WEBKIT "Chrome/120.0.0.0 Safari/537.36",
		 "Chrome on macOS"},
		{IOS "Version/17.2 Mobile/15E148 Safari/604.1", "Safari on iOS"},
		{IOS "Mobile/15E148", "an app on iOS"},
		{"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) " WEBKIT
		 "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
		 "Samsung Internet on Android"},
		{"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
		 "Internet Explorer on Windows"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT "Chrome/119.0.0.0 Safari/537.36",
		 "Chrome on ChromeOS"},
		{"Example/42 CFNetwork/1410.0.3 Darwin/22.6.0", "example on Darwin"},
		{"curl/7.88.1", "curl"},
		{"(Windows)", "Windows"},
		{"", ""},
		{"0123456789012345678901234567890123456789/5 (CrOS)",
		 "0123456789012345678901234567890 on ChromeOS"},
	};
	PgtcUserAgent agent;
	char out[PGTC_USER_AGENT_SHOWN];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		pgtc_user_agent_parse(pgtc_slice(cases[i].text, strlen(cases[i].text)), &agent);
		pgtc_user_agent_words(&agent, out, sizeof(out));
		CHECK(strcmp(out, cases[i].words) == 0);
	}
}

void
test_user_agent(void)
{
	families();
	words();
}
