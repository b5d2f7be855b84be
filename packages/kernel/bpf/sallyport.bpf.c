/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "kernel-types.h"
#include "maps.h"
#include "address.h"
#include "subject.h"
#include "walk.h"
#include "finding.h"
#include "awaited.h"
#include "limit.h"
#include "judge.h"
#include "limited-flow.h"
#include "packet.h"
#include "first-octets.h"
#include "ends.h"
#include "connect.h"
#include "create.h"
#include "watched-flow.h"
#include "egress.h"
#include "held.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
