/*
 * replay.c
 *		Runs a fuzz target once over each file it is given, for compilers without
 *		libFuzzer.  Arguments are files or directories of files.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"

static int inputs;

static void
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
	{
		perror(path);
		exit(1);
	}
	rewind(file);
	/* exactly as large as the input, so that the sanitizer sees every byte too many */
	data = malloc(size > 0 ? (size_t) size : 1);
	if (data == NULL || fread(data, 1, (size_t) size, file) != (size_t) size)
	{
		perror(path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t) size);
	free(data);
	inputs++;
}

static void
run_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];

	if (dir == NULL)
	{
		perror(path);
		exit(1);
	}
	while ((entry = readdir(dir)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		run_file(name);
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	struct stat info;
	int i;

	for (i = 1; i < argc; i++)
	{
		if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode))
			run_directory(argv[i]);
		else
			run_file(argv[i]);
	}
	printf("%d inputs\n", inputs);
	return inputs > 0 ? 0 : 1;
}
