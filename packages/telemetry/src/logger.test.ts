import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

// A process of its own, so the built file: Node does not run the source.
const built = new URL('../dist/logger.js', import.meta.url).href
const script = `
  import { createLogger } from '${built}'
  const logger = createLogger({ service: 'example' })
  logger.info({ token: 'hunter2' }, 'up')
  process.once('disconnect', () => {
    logger.info('stopping')
    logger.info('stopped')
    process.exit(7)
  })
  process.send('ready')
`

async function started() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const { stdout } = child
  if (stdout === null) throw new Error('the child has no stdout')
  const [[line]] = await Promise.all([once(stdout, 'data'), once(child, 'message')])
  return { child, stdout, line: String(line) }
}

describe('the log', () => {
  it('is one line of JSON a record, without secrets', async () => {
    const { child, line } = await started()
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/Z$/),
      service: 'example',
      token: '[redacted]',
      msg: 'up',
    })
    child.disconnect()
    expect(await once(child, 'exit')).toEqual([7, null])
  })

  it.each([1, 2, 3])('does not keep a process alive whose reader is gone (%i)', async () => {
    const { child, stdout } = await started()
    stdout.destroy()
    child.disconnect()
    expect(await once(child, 'exit')).toEqual([7, null])
  })
})
