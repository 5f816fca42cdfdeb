/* File operations that the client asks for; each runs in a worker, so that a slow disk or a large
 * tree holds nothing else up. */
#ifndef SWAMP_FILES_H
#define SWAMP_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Whether `body` is what `type` wants. */
int file_request_valid(uint16_t type, const void *body, size_t size);
/* Does it and reports to `agent`: DATA and NOTE as they come, then DONE or FAILED. */
void file_request_serve(uint16_t type, const void *body, size_t size, int agent);

#endif
