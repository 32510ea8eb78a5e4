#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector dropin
#
# dm-snapshot: errors below, and an end in the middle of copying.

. /guest/dropin-snapshot.sh

of_target snapshot 128

load_target dm-snapshot
run_cases data_store_fails_writes origin_fails_reads \
	data_removal_while_copying removal_of_all_while_copying
