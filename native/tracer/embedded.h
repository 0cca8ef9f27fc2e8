// SPDX-License-Identifier: MIT
// The BPF objects inside the addon. CMakeLists.txt puts bpf/<name>.bpf.o between the symbols <name>_bpf_start and
// <name>_bpf_end of a read-only section, 8-byte aligned, to be opened with bpf_object__open_mem().
#pragma once
#include <cstddef>

struct EmbeddedObject {
	const void *data;
	size_t size;
};

#define EMBEDDED_OBJECT(name)                                                                                          \
	extern "C" const unsigned char name##_bpf_start[];                                                             \
	extern "C" const unsigned char name##_bpf_end[];                                                               \
	inline EmbeddedObject name##_bpf()                                                                             \
	{                                                                                                              \
		return {name##_bpf_start, static_cast<size_t>(name##_bpf_end - name##_bpf_start)};                     \
	}

EMBEDDED_OBJECT(churn)
