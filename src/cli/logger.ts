/**
 * Logs: JSON lines on stderr, because stdout carries data. Written synchronously, so that the last line before an exit is
 * not lost; they are few.
 */
import { type Logger, pino } from 'pino';
import type { ValuesOf } from '../config/options.js';

export type { Logger } from 'pino';
export type LogLevel = ValuesOf<'serve'>['logLevel'];

const STDERR = 2;

/** Lines below `level` are not written. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, base: null }, pino.destination({ dest: STDERR, sync: true }));
}
