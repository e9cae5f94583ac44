import { describe, expect, it } from 'vitest'
import { tenantId } from '@heirloom/tenancy'
import { createCursorCodec } from './cursor.js'
import { refuseExpired, resumeFrom } from './resume.js'
import { createScriptedLog } from './testing/scripted-log.js'

const cursors = createCursorCodec([{ kid: 'k', secret: Buffer.alloc(32, 1) }]).for(
  tenantId('t_one'),
  's',
)

describe('resuming', () => {
  it('without a cursor is at the end of the log, also of an empty one', async () => {
    const log = createScriptedLog()
    expect(await resumeFrom(log, cursors, undefined)).toBe(0)
    log.append(3, 7)
    expect(await resumeFrom(log, cursors, null)).toBe(7)
  })

  it('with a cursor is at its position, from the start to the very end', async () => {
    const log = createScriptedLog()
    log.append(3, 7)
    for (const position of [0, 3, 7]) {
      expect(await resumeFrom(log, cursors, cursors.encode(position))).toBe(position)
    }
  })

  it('after the end is refused by name', async () => {
    const log = createScriptedLog()
    log.append(3)
    await expect(resumeFrom(log, cursors, cursors.encode(4))).rejects.toMatchObject({
      code: 'CURSOR_AHEAD',
    })
  })

  it('before the start is refused with a cursor of the start, which is good', async () => {
    const log = createScriptedLog()
    log.append(3, 7, 9)
    log.trimTo(7)
    const error = await resumeFrom(log, cursors, cursors.encode(3)).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'CURSOR_EXPIRED', status: 410 })
    const { startsAt } = (error as { details: { startsAt: string } }).details
    expect(await resumeFrom(log, cursors, startsAt)).toBe(7)
    expect(() => refuseExpired(7, 7, cursors)).not.toThrow()
  })

  it('with garbage is refused before the log is asked', async () => {
    const log = createScriptedLog()
    log.fail(new Error('asked'))
    await expect(resumeFrom(log, cursors, 'garbage')).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    })
    await expect(resumeFrom(log, cursors, '')).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
  })
})
