import { createLogger, type Logger } from '@heirloom/telemetry'

/** Silent, unless HEIRLOOM_TEST_LOG names a level (or is set to anything else, for `debug`). */
export function testLogger(): Logger {
  const wanted = process.env['HEIRLOOM_TEST_LOG']
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
  const level = wanted === undefined || wanted === '' ? 'silent' : wanted
  return createLogger({
    service: 'test',
    level: level === 'silent' || levels.includes(level) ? level : 'debug',
  })
}
