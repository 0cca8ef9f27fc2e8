// SPDX-License-Identifier: MIT
// Writes the settings and counters of the network namespace that the calling thread is in, as dump_text records.
#pragma once
#include "native/dump/record_writer.h"

// They return 0 or the writer's error. A file that cannot be read is left out.
int write_settings(RecordWriter &writer);
int write_settings_and_counters(RecordWriter &writer);
