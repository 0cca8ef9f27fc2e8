// SPDX-License-Identifier: MIT
// The settings and counters of the network namespace that the calling thread is in, as audit_text records.
#pragma once
#include "native/audit_writer.h"

// 0, or the writer's error. A file that cannot be read is left out.
int write_audit_texts(AuditWriter &writer);
