/*
 * docs.c
 *		Serves the documentation page from memory: files are read at the start, so no path of a request ever meets the file system.
 *
 * The page comes from the project, its viewer from a package that make installs; neither asks any other host for anything, and the
 * policy sent along forbids it.
 */
#include "docs.h"

#include <dirent.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILES 64
#define MAX_BYTES (16 * 1024 * 1024)

typedef struct file
{
	char *name;
	char *bytes;
	size_t n;
	const char *type;
	char etag[40];
} file;

static file files[MAX_FILES];
static int n_files;

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
	                                       {".js", "text/javascript; charset=utf-8"},
	                                       {".css", "text/css; charset=utf-8"},
	                                       {".svg", "image/svg+xml"},
	                                       {".png", "image/png"},
	                                       {".txt", "text/plain; charset=utf-8"},
	                                       {".woff2", "font/woff2"}};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return NULL;
}

static bool read_file(const char *path, file *to)
{
	struct stat info;
	unsigned char digest[SHA256_DIGEST_LENGTH];
	FILE *in = fopen(path, "rb");
	bool good;

	if (in == NULL)
		return false;
	good = fstat(fileno(in), &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= MAX_BYTES;
	if (good)
	{
		to->n = (size_t) info.st_size;
		to->bytes = bg_alloc(to->n + 1);
		good = fread(to->bytes, 1, to->n, in) == to->n;
	}
	fclose(in);
	if (!good)
	{
		free(to->bytes);
		to->bytes = NULL;
		return false;
	}
	SHA256((unsigned char *) to->bytes, to->n, digest);
	to->etag[0] = '"';
	for (int i = 0; i < 16; i++)
		snprintf(to->etag + 1 + 2 * i, 3, "%02x", digest[i]);
	memcpy(to->etag + 33, "\"", 2);
	return true;
}

bool bg_docs_load(const char *directory, bg_buf *error)
{
	DIR *dir;
	struct dirent *entry;

	if (directory[0] == '\0')
		return true;
	dir = opendir(directory);
	if (dir == NULL)
	{
		bg_buf_printf(error, "docs_dir can't be read; make install puts the page there, or set it "
		                     "to nothing");
		return false;
	}
	while ((entry = readdir(dir)) != NULL && n_files < MAX_FILES)
	{
		file *to = &files[n_files];
		bg_buf path = {0};

		to->type = type_of(entry->d_name);
		bg_buf_printf(&path, "%s/%s", directory, entry->d_name);
		if (to->type != NULL && read_file(path.s, to))
		{
			to->name = bg_copy(entry->d_name, strlen(entry->d_name));
			n_files++;
		}
		bg_buf_free(&path);
	}
	closedir(dir);
	return true;
}

static bool starts(bg_str path, const char *with)
{
	size_t n = strlen(with);

	return path.n >= n && memcmp(path.s, with, n) == 0;
}

bool bg_docs_hidden(const bg_request *request, bg_str path)
{
	if (strcmp(request->loop->config->docs, "on") == 0)
		return false;
	return bg_str_is(path, "/openapi.json") || bg_str_is(path, "/llms.txt") ||
	       bg_str_is(path, "/docs") || starts(path, "/docs/");
}

bool bg_docs_serve(bg_request *request, bg_str path)
{
	bg_str method = bg_http_method(request->http);
	bg_str known = bg_http_header(request->http, "if-none-match", 0);
	bg_str name;

	if (!bg_str_is(path, "/docs") && !starts(path, "/docs/"))
		return false;
	request->label = "/docs";
	if (!bg_str_is(method, "GET") && !bg_str_is(method, "HEAD"))
	{
		bg_request_refuse_method(request, "GET, HEAD");
		return true;
	}
	name = path.n <= 6 ? (bg_str){"index.html", 10} : (bg_str){path.s + 6, path.n - 6};
	for (int i = 0; i < n_files; i++)
		if (bg_str_is(name, files[i].name))
		{
			const bg_header headers[] = {
			    {"etag", files[i].etag},
			    {"content-security-policy",
			     "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src "
			     "'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
			     "form-action 'none'; frame-ancestors 'none'"},
			    {"referrer-policy", "no-referrer"}};

			if (known.s != NULL && bg_str_is(bg_str_trim(known), files[i].etag))
				bg_request_answer(request, 304, headers, 1, NULL, NULL, 0);
			else
				bg_request_answer(request, 200, headers, 3, files[i].type, files[i].bytes,
				                  files[i].n);
			return true;
		}
	bg_request_fail(request, 404,
	                n_files == 0
	                    ? "the documentation page isn't installed here; /openapi.json has the same"
	                    : "there is no such path",
	                NULL);
	return true;
}
