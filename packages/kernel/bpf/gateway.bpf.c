/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>

#include "kernel-types.h"
#include "maps.h"
#include "address.h"
#include "subject.h"
#include "walk.h"
#include "limit.h"
#include "judge.h"
#include "packet.h"
#include "first-octets.h"
#include "finding.h"
#include "ways.h"
#include "plain.h"
#include "carried.h"
#include "straight.h"
#include "watched-way.h"
#include "forward.h"
#include "returned.h"
#include "charge.h"
#include "sweep.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
