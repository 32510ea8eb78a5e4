/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured beyond the core table, a table each
 */
#ifndef REPORT_SECTIONS_H
#define REPORT_SECTIONS_H

#include "table.h"

/* Instructions a copy, and a zeroing, of all sizes and numbers of places. */
table measure_counted();
/* How long copies take on devices of some latency. */
table measure_devices();
/* The processor's own time, as ratios. */
table measure_timed();
/* Latency of small copies beside a large one; plots waiting.svg. */
table measure_waiting();
/* Copies beside a client that is in trouble. */
table measure_neighbours();
/* What the kernel's writeback throttling does to copies. */
table measure_writeback();
/* Reads and writes of targets that have nothing to copy. */
table measure_settled();
/* What is allocated for queued copies. */
table measure_memory();
/* One to eight clients on two processors. */
table measure_clients();
/* What a copy costs when many are queued; plots queue.svg. */
table measure_queue();

#endif /* REPORT_SECTIONS_H */
