/*
 * robots.c
 *		Fuzzes bg_robots_parse() and the matching of its patterns. The input is a path, a NUL, and a file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/robots.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	size_t path_len = nul != NULL ? (size_t) (nul - data) : 0;
	char *path = malloc(path_len + 2);
	size_t skip = nul != NULL ? path_len + 1 : 0;
	bg_robots *robots;

	path[0] = '/';
	if (path_len > 0)
		memcpy(path + 1, data, path_len);
	path[path_len + 1] = '\0';
	robots = bg_robots_parse((const char *) data + skip, size - skip, "BountyGo");
	if (robots != NULL)
	{
		if (bg_robots_crawl_delay(robots) < -1 || !bg_robots_allows(robots, "/robots.txt"))
			abort();
		(void) bg_robots_allows(robots, path);
		bg_robots_free(robots);
	}
	free(path);
	return 0;
}
