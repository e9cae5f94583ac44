import { pino } from 'pino'

export type Logger = pino.Logger

/** Field names whose values never reach a log line. */
const secretPaths = ['authorization', 'cookie', 'token', 'password', 'secret'].flatMap((name) => [
  name,
  `*.${name}`,
])

const stdout = 1

/** Structured JSON lines on stdout, one a record, with the service's name on each. */
export function createLogger(options: { service: string; level?: string }): Logger {
  const settings: pino.LoggerOptions = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
  }
  // Synchronous: what an asynchronous destination has not written yet is flushed at exit, where
  // sonic-boom retries a broken pipe for ever, and a process whose parent was killed never ends.
  return pino(settings, pino.destination({ dest: stdout, sync: true }))
}
