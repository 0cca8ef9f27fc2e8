/**
 * Every error a user can meet, with its stable code and the process's exit code (contract: 0 done, 1 failed, 2 wrong usage,
 * 69 kernel feature missing, 77 missing privilege, 130 interrupted). HTTP responses and error frames use the same codes.
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, kernel: 69, privilege: 77, interrupted: 130 } as const;

const TABLE = {
  USAGE: { exit: EXIT.usage, status: 400 },
  BAD_FILTER: { exit: EXIT.usage, status: 400 },
  TOO_EXPENSIVE: { exit: EXIT.usage, status: 400 },
  BAD_FRAME: { exit: EXIT.failed, status: 400 },
  UNKNOWN_TYPE: { exit: EXIT.failed, status: 400 },
  UNKNOWN_TOPIC: { exit: EXIT.usage, status: 400 },
  UNKNOWN_SUBSCRIPTION: { exit: EXIT.failed, status: 400 },
  SUBSCRIPTION_EXISTS: { exit: EXIT.failed, status: 400 },
  TOO_MANY: { exit: EXIT.failed, status: 429 },
  UNAUTHORIZED: { exit: EXIT.failed, status: 401 },
  FORBIDDEN_ORIGIN: { exit: EXIT.failed, status: 403 },
  CROSS_SITE: { exit: EXIT.failed, status: 403 },
  MISDIRECTED_HOST: { exit: EXIT.failed, status: 421 },
  TOO_LARGE: { exit: EXIT.failed, status: 413 },
  HEADERS_TOO_LARGE: { exit: EXIT.failed, status: 431 },
  REQUEST_TIMEOUT: { exit: EXIT.failed, status: 408 },
  UPGRADE_REQUIRED: { exit: EXIT.failed, status: 426 },
  NOT_FOUND: { exit: EXIT.failed, status: 404 },
  METHOD_NOT_ALLOWED: { exit: EXIT.failed, status: 405 },
  TRACER_STOPPED: { exit: EXIT.failed, status: 503 },
  INTERNAL: { exit: EXIT.failed, status: 500 },
  PORT_IN_USE: { exit: EXIT.failed, status: 500 },
  SOCKET_IN_USE: { exit: EXIT.failed, status: 500 },
  LISTEN_FAILED: { exit: EXIT.failed, status: 500 },
  SERVICE_UNREACHABLE: { exit: EXIT.failed, status: 502 },
  BAD_ANSWER: { exit: EXIT.failed, status: 502 },
  UNTRUSTED_SERVICE: { exit: EXIT.failed, status: 502 },
  ADDON_MISSING: { exit: EXIT.failed, status: 500 },
  ADDON_STALE: { exit: EXIT.failed, status: 500 },
  NOT_PERMITTED: { exit: EXIT.privilege, status: 500 },
  LOCKDOWN: { exit: EXIT.kernel, status: 500 },
  NO_BTF: { exit: EXIT.kernel, status: 500 },
  KERNEL_TOO_OLD: { exit: EXIT.kernel, status: 500 },
  BPF_FAILED: { exit: EXIT.kernel, status: 500 },
} as const;

export type ErrorCode = keyof typeof TABLE;

/** An error meant for a person: `message` says what happened, `hint` the exact next step. */
export class PortchurnError extends Error {
  readonly exitCode: number;
  readonly status: number;
  /** 1-based column in the text the user gave, for filter errors. */
  readonly column: number | undefined;
  readonly hint: string | undefined;
  constructor(
    readonly code: ErrorCode,
    message: string,
    more: { hint?: string; column?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'PortchurnError';
    this.exitCode = TABLE[code].exit;
    this.status = TABLE[code].status;
    this.hint = more.hint;
    this.column = more.column;
  }
}

/** Is a text that came over the network one of the codes? */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(TABLE, text);
}
