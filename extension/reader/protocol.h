/*
 * protocol.h
 *		The frames between PostgreSQL and bountygo-reader: one request, one answer, over the child's stdin and stdout.
 *
 * All integers in host byte order (both ends are one machine). After a frame the strings and bytes follow without padding or
 * terminator, in the order of their lengths.
 */
#ifndef BG_READER_PROTOCOL_H
#define BG_READER_PROTOCOL_H

#include <stdint.h>

#define BG_READER_MAGIC 0x42475231u /* "BGR1"; changes with the layout */
#define BG_READER_MAX_BODY (4u * 1024 * 1024)
#define BG_READER_MAX_ANSWER (8u * 1024 * 1024)

typedef enum bg_reader_op
{
	BG_READER_HTML = 1,    /* a = content type, b = url, body = page bytes */
	BG_READER_TEXT = 2,    /* b = url, body = text */
	BG_READER_COMPLETE = 3 /* a = earlier result JSON, body = the model's raw reply */
} bg_reader_op;

typedef struct bg_reader_request
{
	uint32_t magic;
	uint32_t op;
	uint32_t a_len;
	uint32_t b_len;
	uint32_t body_len;
} bg_reader_request;

typedef enum bg_reader_status
{
	BG_READER_ANSWERED = 0,     /* JSON follows */
	BG_READER_OUT_OF_MEMORY = 1 /* nothing follows; the child exits afterwards */
} bg_reader_status;

typedef struct bg_reader_answer
{
	uint32_t magic;
	uint32_t status;
	uint32_t len;
} bg_reader_answer;

#endif
