/** The door for tests of adaptors: what a ConnectContext is made of, without a service around it. */

export { type Clock, systemClock, type Timer, type TimerOptions } from './runtime/clock.ts';
export {
  LOG_LEVELS,
  type Log,
  type LogEntry,
  type LogLevel,
  lineLog,
  silentLog,
  stderrLog,
} from './runtime/log.ts';
