/*
 * topics.h
 *		Which generation each topic of the cache is at: the transaction that changed it last, as the database told.
 *
 * The listening connection writes, all loops read. As long as it hears nothing (no connection), no generation can be trusted.
 */
#ifndef BG_GW_TOPICS_H
#define BG_GW_TOPICS_H

#include "util.h"

#define BG_MAX_TOPICS 32

/* The place of a topic, made if it is new; -1 when there are too many. Only by the thread of the listening connection. */
extern int bg_topic_place(bg_str name);
/* A transaction changed this topic. */
extern void bg_topic_touch(int place, uint64_t transaction);
/*
 * A write that was just answered here changed a topic, though its notification may still be on its way: until then the topic is at a
 * generation that nobody else knows, so that whoever wrote reads what they wrote. From any thread.
 */
extern void bg_topic_expect(bg_str name, uint64_t transaction);
/* Whether notifications are being heard. Losing them forgets every generation. */
extern void bg_topics_hear(bool heard);

/* The generation of a set of topics (a bit each), as one number; 0: it can't be told now. From any thread. */
extern uint64_t bg_topics_generation(uint32_t set);

#endif
