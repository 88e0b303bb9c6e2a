/*
 * glob.c
 *		Patterns of names, with * for any run of bytes.
 */
#include "core/base/glob.h"

bool
pgtc_glob_matches(PgtcSlice pattern, PgtcSlice text)
{
	size_t p = 0;
	size_t t = 0;
	size_t after_star = 0; /* where to go on when the last * has to take one byte more */
	size_t taken = 0; /* by it */
	bool star = false;

	while (t < text.len)
	{
		/* first: a * of the text is no more than itself */
		if (p < pattern.len && pattern.data[p] == '*')
		{
			star = true;
			after_star = ++p;
			taken = t;
		}
		else if (p < pattern.len && pattern.data[p] == text.data[t])
		{
			p++;
			t++;
		}
		else if (star)
		{
			p = after_star;
			t = ++taken;
		}
		else
			return false;
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}
