import { describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { Person } from '../../domain/person.js'
import type { GraphAdapter } from '../../domain/ports.js'
import { person } from '../../testing/random-family.js'
import type { GraphBackend } from './backend.js'

/** What a GraphAdapter promises of transactions. */
export function changesContract(
  backend: Omit<GraphBackend, 'close'>,
  fresh: () => GraphAdapter,
): void {
  describe('a change', () => {
    const added = (somebody: Person) => ({
      type: 'PersonAdded',
      version: 1,
      resource: { kind: 'Person', id: somebody.id },
      payload: { legacy_id: somebody.legacyId, person_id: somebody.id, name: somebody.name },
    })

    it('commits what it wrote together with what it announced', async () => {
      const context = testTenant()
      const somebody = person()
      await backend.adapter(context).change(async (writer) => {
        await writer.insertPeople([somebody])
        await writer.announce([added(somebody)])
      })
      expect(await backend.events(context)).toMatchObject([
        { ...added(somebody), tenant_id: context.tenantId, correlation_id: context.requestId },
      ])
    })

    it('leaves nothing behind when it throws', async () => {
      const context = testTenant()
      const somebody = person()
      const graph = backend.adapter(context)
      const failing = graph.change(async (writer) => {
        await writer.insertPeople([somebody])
        await writer.announce([added(somebody)])
        throw new Error('after all')
      })
      await expect(failing).rejects.toThrow('after all')
      expect(await graph.people([somebody.id])).toEqual([])
      expect(await backend.events(context)).toEqual([])
    })

    it('runs once per key, and refuses the key for something else', async () => {
      const graph = fresh()
      const run = (input: string, result: string): Promise<string> =>
        graph.change((writer) =>
          writer.once({ operation: 'op', key: 'k', input }, () => Promise.resolve(result)),
        )
      expect(await run('a', 'first')).toBe('first')
      expect(await run('a', 'second')).toBe('first')
      await expect(run('b', 'third')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
    })

    it('waits for the lock of its legacy, and then sees what the former holder wrote', async () => {
      const graph = fresh()
      const somebody = person()
      const first = deferred()
      const locked = deferred()
      const writing = graph.change(async (writer) => {
        await writer.lock(somebody.legacyId)
        locked.resolve()
        await first.promise
        await writer.insertPeople([somebody])
      })
      await locked.promise
      const reading = graph.change(async (writer) => {
        await writer.lock(somebody.legacyId)
        return writer.people([somebody.id])
      })
      const elsewhere = graph.change((writer) => writer.lock(person().legacyId))
      await elsewhere
      first.resolve()
      await writing
      expect(await reading).toEqual([somebody])
    })
  })
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let settle = (): void => undefined
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: () => settle() }
}
