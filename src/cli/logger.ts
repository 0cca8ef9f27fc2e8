/** Logs: JSON lines on stderr, because stdout carries data. */
import { type Logger, pino } from 'pino';
import type { ValuesOf } from '../config/options.js';
import { LogSink, logFd } from './log-sink.js';

export type { Logger } from 'pino';
export type LogLevel = ValuesOf<'serve'>['logLevel'];

const STDERR = 2;

/** Lines below `level` are not written. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, base: null }, new LogSink(logFd(STDERR)));
}
