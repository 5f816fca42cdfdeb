/* The protocol between the agent and its client, version 1. docs/reference/agent-protocol.md says
 * the same in words; _protocol.py is the client's copy, and a test compares the two.
 *
 * Frame:  u32 payload length | u32 request id | u16 flags (0) | u16 type | payload
 * All numbers are little endian. text = u32 length, bytes, one NUL (none within); blob = u32
 * length, bytes; list = u32 count, items. */
#ifndef SWAMP_PROTOCOL_H
#define SWAMP_PROTOCOL_H

#define MAGIC "SWAMPAGT"
#define MAGIC_SIZE 8
#define PROTOCOL_VERSION 1

#define HEADER_SIZE 12
#define PAYLOAD_MAX (1u << 20)
#define BODY_MAX (64u << 20)

enum frame_type {
    /* client -> agent */
    FRAME_OPEN = 1,              /* magic, u16 version, u32 lease_ms: the first frame */
    FRAME_PART = 2,              /* bytes: the beginning of the next frame's payload, same id */
    FRAME_RUN = 3,               /* see request.c */
    FRAME_CANCEL = 4,            /* u8 stage */
    FRAME_CREDIT = 5,            /* u32 bytes of output that the client takes in addition */
    FRAME_READ_FILE = 6,         /* text path, u64 limit */
    FRAME_WRITE_FILE = 7,        /* text path, u32 mode, u32 uid, u32 gid, blob */
    FRAME_MAKE_DIRECTORIES = 8,  /* list of text path, u32 mode, u32 uid, u32 gid */
    FRAME_REMOVE_TREE = 9,       /* text path */
    FRAME_CHOWN_TREE = 10,       /* text path, u32 uid, u32 gid */
    FRAME_PING = 11,             /* empty */
    FRAME_SHUTDOWN = 12,         /* empty */

    /* agent -> client */
    FRAME_HELLO = 65,            /* magic, u16 version, u32 pid, uid, gid, u32 flags, text machine */
    FRAME_START_FAILED = 66,     /* u8 reason, u32 errno, text path */
    FRAME_STDOUT = 67,           /* bytes */
    FRAME_STDERR = 68,           /* bytes */
    FRAME_COLLECTED = 69,        /* u32 index, bytes: one piece of a file */
    FRAME_COLLECT_PROBLEM = 70,  /* u32 index, text why */
    FRAME_ENDED = 71,            /* see supervise.c */
    FRAME_DATA = 72,             /* bytes of a file */
    FRAME_NOTE = 73,             /* text: one thing that could not be done */
    FRAME_DONE = 74,             /* empty */
    FRAME_FAILED = 75,           /* u32 errno, text path */
    FRAME_PONG = 76,             /* empty */
    FRAME_FATAL = 77,            /* text: why the agent ends */
};

enum hello_flag {
    HELLO_IS_INIT = 1,  /* it is process 1 of its pid namespace */
    HELLO_HAS_PROC = 2, /* it can list the children of a process: containment is complete */
};

enum cancel_stage { CANCEL_GRACEFUL = 1, CANCEL_NOW = 2 };

enum start_failure {
    START_NOT_FOUND = 1,
    START_NOT_EXECUTABLE = 2,
    START_IS_A_DIRECTORY = 3,
    START_BAD_INTERPRETER = 4,
    START_CWD_MISSING = 5,
    START_CWD_NOT_A_DIRECTORY = 6,
    START_ARGUMENTS_TOO_LONG = 7,
    START_REFUSED = 8,
    START_NO_RESOURCES = 9, /* no process, memory or descriptor to be had */
};

enum end_cause {
    CAUSE_ITSELF = 0,
    CAUSE_TIMEOUT = 1,
    CAUSE_CANCEL = 2,
    CAUSE_STOPPED = 3, /* the agent was told to stop from outside */
    CAUSE_BROKEN = 4,  /* the step's supervisor was killed */
};

#define NO_TIMEOUT UINT64_MAX
#define NO_ID UINT32_MAX /* leave uid or gid as it is */

#endif
